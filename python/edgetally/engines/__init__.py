"""Calculators and reports inside Spark, DuckDB and Polars: one module each, imported by name.

Rows stay where they are. A calculator becomes columns of the engine's own table, batch by batch in Arrow; a report is
summed where the rows are and put together from its parts, with the same bits as the whole table at once.

    from edgetally.engines import spark
    spark.report(orders, "roas", by=["channel"])
"""
