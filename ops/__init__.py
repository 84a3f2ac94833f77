"""The desk: command line, web service, operations and evidence. The only room where rooms are joined."""
