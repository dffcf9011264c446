"""Tables out: CSV, JSONL or Parquet, whole or not at all."""

from modicum.data.write.tables import write_stream, write_table

__all__ = ["write_stream", "write_table"]
