"""Joins on Spark, for data beyond one machine; pyspark is loaded when one is asked for, and not before."""
