"""What people order, as JSON: read no further than an order can be long, and refused with a sentence."""

from __future__ import annotations

from typing import TypeVar

from fastapi import HTTPException, Request
from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)


async def json_of(request: Request, what: str, longest_bytes: int) -> bytes:
    """The JSON in a request, `what` being its name for people. Raises HTTPException 413 or 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, f"{what} is JSON: send it with Content-Type application/json")
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > longest_bytes:
            raise HTTPException(413, f"{what} is at most {longest_bytes} bytes long")
    return data


async def order_of(request: Request, model: type[T], longest_bytes: int) -> T:
    """The order in a request. Raises HTTPException 413, 415 or 422 for what is none."""
    data = await json_of(request, "an order", longest_bytes)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(each) for each in first["loc"])
        raise HTTPException(422, f"{where}: {first['msg']}" if where else str(first["msg"])) from error


def body_of(model: type[BaseModel]) -> dict[str, object]:
    """What openapi.json says of an order that is read by `order_of`."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": model.model_json_schema()}},
        }
    }
