"""Where records go: files (JSONL, Parquet), PostgreSQL, BigQuery, Pub/Sub."""
