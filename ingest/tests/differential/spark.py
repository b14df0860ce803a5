"""Writes the files of Spark that stand in `files`: pages of both versions, its older decimals, and its CSV.

    pip install pyspark==4.3.0 && python spark.py
"""

import datetime
import decimal
import pathlib
import shutil
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import types as t

FILES = pathlib.Path(__file__).parent / "files"
SCHEMA = t.StructType(
    [
        t.StructField("text", t.StringType()),
        t.StructField("flag", t.BooleanType()),
        t.StructField("i8", t.ByteType()),
        t.StructField("i16", t.ShortType()),
        t.StructField("i32", t.IntegerType()),
        t.StructField("i64", t.LongType()),
        t.StructField("f32", t.FloatType()),
        t.StructField("f64", t.DoubleType()),
        t.StructField("money", t.DecimalType(9, 2)),
        t.StructField("wide", t.DecimalType(38, 10)),
        t.StructField("day", t.DateType()),
        t.StructField("moment", t.TimestampType()),
        t.StructField("bytes", t.BinaryType()),
        t.StructField("list", t.ArrayType(t.IntegerType())),
        t.StructField("pair", t.MapType(t.StringType(), t.IntegerType())),
    ]
)
WORDS = ["red", "green", "", "ärger", "a label that does not fit into twelve bytes"]


def row(number):
    """A row; every seventh is of nulls."""
    if number % 7 == 0:
        return (None,) * len(SCHEMA.fields)
    sign = -1 if number % 2 else 1
    return (
        WORDS[number % 5],
        number % 3 == 0,
        sign * number % 100,
        sign * number * 37 % 30000,
        sign * number * 2**20,
        sign * number * 2**40,
        sign * number / 4,
        sign * number / 3,
        decimal.Decimal(sign * number * 12345 % 10**9).scaleb(-2),
        decimal.Decimal(sign * number * 10**20).scaleb(-10),
        datetime.date(2024, 1, 1) + datetime.timedelta(number % 40),
        datetime.datetime(2024, 1, 1, number % 24),
        WORDS[number % 5].encode(),
        [number] * (number % 3),
        {"a": number},
    )


def main():
    FILES.mkdir(exist_ok=True)
    for version, legacy, codec in (("v1", False, "gzip"), ("v2", False, "zstd"), ("v1", True, "none"), ("v2", True, "gzip")):
        builder = SparkSession.builder.master("local[1]").config("spark.sql.parquet.writeLegacyFormat", str(legacy).lower())
        builder = builder.config("spark.sql.parquet.outputTimestampType", "INT96" if legacy else "TIMESTAMP_MICROS")
        spark = builder.config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
        spark.sparkContext._jsc.hadoopConfiguration().set("parquet.writer.version", version)
        frame = spark.createDataFrame([row(number) for number in range(300)], SCHEMA).coalesce(1)
        name = f"spark-{version}-{'legacy-' if legacy else ''}{codec}"
        save(frame.write.option("compression", codec).option("parquet.enable.dictionary", str(not legacy).lower()).parquet, name, ".parquet")
        if not legacy and version == "v1":
            # A quote within a cell, which Spark escapes by a backslash.
            quoted = spark.createDataFrame([('say "a"', 1), ("plain", 2)], ["kind", "x"]).coalesce(1)
            save(quoted.write.option("header", True).csv, "spark-quotes", ".csv")
        spark.stop()


def save(write, name, suffix):
    """Keeps the one file of those that Spark writes."""
    with tempfile.TemporaryDirectory() as folder:
        write(f"{folder}/out")
        parts = [part for part in pathlib.Path(folder, "out").iterdir() if part.name.startswith("part-")]
        shutil.copyfile(parts[0], FILES / f"{name}{suffix}")


if __name__ == "__main__":
    main()
