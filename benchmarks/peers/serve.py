"""A plain FastAPI handler around sentence-transformers and scikit-learn: one request, one call of each.

Run in an environment with requirements-serve.txt; `modicum bench serve` starts it where MODICUM_PEER_PYTHON names that
environment's Python. Is given the folder of an encoder and a table with the columns text and category; prints
{"url": ...} once it answers.
"""

import csv
import json
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer
from sklearn.linear_model import LogisticRegression


class Asking(BaseModel):
    """Texts to be classified."""

    items: list[str]


def main() -> None:
    """Fit on the labelled rows, and answer."""
    encoder = SentenceTransformer(sys.argv[1], device="cpu")
    with Path(sys.argv[2]).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["category"]]
    head = LogisticRegression(C=10.0, max_iter=1000)
    head.fit(encoder.encode([row["text"] for row in rows]), [row["category"] for row in rows])
    app = FastAPI()

    @app.post("/v1/predict")
    def predict(body: Asking) -> dict[str, Any]:
        proba = head.predict_proba(encoder.encode(body.items))
        names = head.classes_[proba.argmax(axis=1)]
        answers = [
            {"prediction": str(n), "probability": float(p)} for n, p in zip(names, proba.max(axis=1), strict=True)
        ]
        return {"answers": answers}

    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}/"}) + "\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])


if __name__ == "__main__":
    main()
