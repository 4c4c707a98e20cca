"""Files on their way out: always as an attachment, never inline, never under a type that came from outside."""

from __future__ import annotations

from flask import Response, send_file

from banyan.kernel.files import StoredFile
from banyan.kernel.runtime import runtime

BYTES = {"description": "The file, as an attachment.", "content": {"application/octet-stream": {}}}
"""What a download answers, for the OpenAPI document."""


def attachment(stored: StoredFile, name: str = "") -> Response:
    """The bytes of ``stored``, streamed.

    :param name: under which it is saved; by default the one the platform made, never the uploader's.
    """
    stream = runtime().store.open(stored.key)
    saved_as = name or stored.download_name
    response = send_file(
        stream, stored.media_type, as_attachment=True, download_name=saved_as, last_modified=stored.created_at
    )
    response.content_length = stored.size
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
