"""Tables out: CSV, JSONL or Parquet, whole or not at all."""

from modicum.data.write.parts import join_tables, table_part
from modicum.data.write.tables import check_table_place, write_stream, write_table

__all__ = ["check_table_place", "join_tables", "table_part", "write_stream", "write_table"]
