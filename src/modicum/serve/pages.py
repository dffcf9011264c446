"""Pages and their assets, read once: no path of a request ever reaches the disk."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def assets_of(package: str) -> dict[str, bytes]:
    """Files by name: those of a package's folder `static`, and those that all pages share."""
    folders = [files(name).joinpath("static") for name in ("modicum.serve", package)]
    found = [each for folder in folders for each in folder.iterdir() if Path(each.name).suffix in KINDS]
    return {each.name: each.read_bytes() for each in found}


def page_routes(package: str) -> APIRouter:
    """Routes of the page in a package's folder `static`, and of what all pages share."""
    router, assets = APIRouter(include_in_schema=False), assets_of(package)

    @router.get("/")
    async def index() -> Response:
        return Response(assets["index.html"], media_type=KINDS[".html"])

    @router.get("/{name}")
    async def asset(name: str) -> Response:
        if name not in assets:
            return JSONResponse({"error": "there is no such page"}, status_code=404)
        return Response(assets[name], media_type=KINDS[Path(name).suffix])

    return router
