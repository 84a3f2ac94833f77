"""What a bundle says about itself to somebody who has never heard of us."""

from __future__ import annotations

_TEXT = """\
{name}
Verzegeld op / sealed on {sealed_at}
Vingerafdruk van de sleutel / fingerprint of the key (SHA-256):
{fingerprint}


NEDERLANDS

Deze map is een verzegelde kopie van één operatie. In de map data staan alle bestanden en het logboek
(audit.jsonl). Zo controleert u, zonder onze software, of er niets veranderd is. Open een terminal in
deze map en typ:

1. Zijn de bestanden dezelfde?
       sha256sum -c manifest-sha256.txt
       sha256sum -c tagmanifest-sha256.txt
   Achter elk bestand moet OK (of: GOED) staan.

2. Is de handtekening echt?
       openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin \\
           -in tagmanifest-sha256.txt -sigfile tagmanifest-sha256.txt.sig
   Het antwoord moet zijn: Signature Verified Successfully

3. Is het de sleutel van het team?
       openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
   Vergelijk de uitkomst met de vingerafdruk die het team zelf bekend heeft gemaakt, niet met die in dit
   bestand: wie een vals pakket maakt, kan ook dit bestand maken.

Of alles in één keer, met Python 3.9 of nieuwer; ook de keten van het logboek en toegevoegde bestanden:
       python3 verify.py
   Vertrouwt u de sleutel in deze map niet, geef dan die van het team: python3 verify.py --key SLEUTEL.pem

Elke regel van het logboek bevat de SHA-256 van de regel ervoor (previous) en van zichzelf (hash).


ENGLISH

This folder is a sealed copy of one operation. The folder data holds every file and the log (audit.jsonl).
This is how to check, without our software, that nothing has changed. Open a terminal in this folder and type:

1. Are the files the same?
       sha256sum -c manifest-sha256.txt
       sha256sum -c tagmanifest-sha256.txt
   Each file must be followed by OK.

2. Is the signature real?
       openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin \\
           -in tagmanifest-sha256.txt -sigfile tagmanifest-sha256.txt.sig
   The answer must be: Signature Verified Successfully

3. Is it the team's key?
       openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
   Compare the outcome with the fingerprint that the team itself made known, not with the one in this file:
   whoever makes a false bundle can make this file too.

Or all at once, with Python 3.9 or newer, the chain of the log and added files included:
       python3 verify.py
   If you do not trust the key in this folder, give the team's own: python3 verify.py --key KEY.pem

Every line of the log carries the SHA-256 of the line before it (previous) and of itself (hash).
"""


def readme(name: str, sealed_at: str, fingerprint: str) -> str:
    """The text of README.txt, in Dutch and in English."""
    plain = "".join(each if each.isprintable() else " " for each in name)
    return _TEXT.format(name=plain, sealed_at=sealed_at, fingerprint=fingerprint)
