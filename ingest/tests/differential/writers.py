"""Each writer in its settings: pairs of a name and what writes a table to a path."""

import itertools

import duckdb
import fastparquet
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

NESTED = ("list", "part")
# Types that only pyarrow writes.
RARE = ("huge", "half")


def without(table, *names):
    """The table without those columns."""
    return table.drop_columns([name for name in names if name in table.column_names])


def encodings(style, table):
    """An encoding for every column that has it."""
    chosen = {}
    for field in table.schema:
        kind = field.type
        if style == "split" and (pa.types.is_integer(kind) and kind.bit_width >= 32 or pa.types.is_floating(kind)):
            chosen[field.name] = "BYTE_STREAM_SPLIT"
        elif style == "split" and pa.types.is_decimal(kind):
            chosen[field.name] = "BYTE_STREAM_SPLIT"
        elif style in ("delta", "length") and pa.types.is_integer(kind):
            chosen[field.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
            chosen[field.name] = {"delta": "DELTA_BYTE_ARRAY", "length": "DELTA_LENGTH_BYTE_ARRAY"}.get(style, "PLAIN")
        elif style == "delta" and pa.types.is_decimal(kind):
            chosen[field.name] = "DELTA_BYTE_ARRAY"
        elif style == "runs" and pa.types.is_boolean(kind):
            chosen[field.name] = "RLE"
    return chosen


def arrow(compressions, styles):
    """pyarrow."""
    for compression, page, style, small in itertools.product(compressions, ("1.0", "2.0"), styles, (True, False)):
        sizes = {"row_group_size": 500, "data_page_size": 900, "write_batch_size": 64} if small else {}

        def write(table, path, compression=compression, page=page, style=style, sizes=sizes):
            chosen = {"use_dictionary": True} if style == "dictionary" else {
                "use_dictionary": False,
                "column_encoding": encodings(style, table),
            }
            pyarrow.parquet.write_table(
                table, path, compression=compression, data_page_version=page, version="2.6",
                store_schema=small, write_page_checksum=small, write_page_index=small,
                store_decimal_as_integer=style in ("dictionary", "plain"), **chosen, **sizes,
            )

        yield f"pyarrow {compression} v{page} {style} {'small' if small else 'large'} pages", write


def old_arrow():
    """pyarrow as it wrote the format's first version."""

    def write(table, path):
        pyarrow.parquet.write_table(table, path, version="1.0", compression="gzip", use_deprecated_int96_timestamps=True)

    yield "pyarrow format 1.0", write


def panda(compressions):
    """pandas with pyarrow."""
    for compression, backend in itertools.product(compressions, ("numpy", "pyarrow", "nullable")):

        def write(table, path, compression=compression, backend=backend):
            frame(table, backend).to_parquet(path, engine="pyarrow", compression=compression)

        yield f"pandas {compression} {backend}", write


def frame(table, backend):
    """A frame of pandas."""
    if backend == "pyarrow":
        return table.to_pandas(types_mapper=pandas.ArrowDtype)
    flat = table.to_pandas()
    return flat.convert_dtypes() if backend == "nullable" else flat


def fast(compressions):
    """fastparquet."""
    for compression, nulls, version, size in itertools.product(compressions, (True, False, "infer"), (1, 2), (400, 10**6)):

        def write(table, path, compression=compression, nulls=nulls, version=version, size=size):
            fastparquet.writer.DATAPAGE_VERSION = version
            plain = without(table, *RARE, *NESTED, "hour", "null", "raw", "bytes", "money", "share", "wide", "code", "day")
            data = frame(plain, "nullable" if nulls is True else "numpy")
            if nulls is False:
                data = data.dropna(axis="columns")
            if nulls == "infer":
                # It writes an index beyond the dictionary for a category that is missing.
                data = data.drop(columns="kind")
            fastparquet.write(
                path, data, compression=compression, has_nulls=nulls, row_group_offsets=size,
                times="int96" if version == 2 else "int64",
            )

        yield f"fastparquet {compression} nulls {nulls} v{version} {size} rows", write


def polar(compressions):
    """Polars."""
    for compression, rows, page, statistics in itertools.product(compressions, (None, 300), (None, 2000), (True, "full")):

        def write(table, path, compression=compression, rows=rows, page=page, statistics=statistics):
            polars.from_arrow(without(table, *RARE)).write_parquet(
                path, compression=compression, row_group_size=rows, data_page_size=page, statistics=statistics
            )

        yield f"polars {compression} {rows} rows {page} bytes {statistics}", write


def duck(compressions):
    """DuckDB."""
    for compression, version, rows, dictionary in itertools.product(compressions, ("V1", "V2"), (2048, 100000), (0, 100000)):
        # A dictionary of no entries is none.
        settings = f"COMPRESSION {compression}, PARQUET_VERSION {version}, ROW_GROUP_SIZE {rows}"
        settings += f", DICTIONARY_SIZE_LIMIT {dictionary}"

        def write(table, path, settings=settings):
            connection = duckdb.connect()
            connection.register("rows", without(table, *RARE, "null"))
            connection.execute(f"COPY (SELECT * FROM rows) TO '{path}' (FORMAT parquet, {settings})")
            connection.close()

        yield f"duckdb {settings}", write


def text():
    """The same tables as CSV, by four writers."""

    def by_pandas(table, path):
        frame(without(table, *RARE, *NESTED), "pyarrow").to_csv(path, index=False)

    def by_polars(table, path):
        polars.from_arrow(without(table, *RARE, *NESTED, "bytes", "raw")).write_csv(path)

    def by_duckdb(table, path):
        connection = duckdb.connect()
        connection.register("rows", without(table, *RARE, *NESTED, "null", "raw", "bytes"))
        connection.execute(f"COPY (SELECT * FROM rows) TO '{path}' (FORMAT csv, HEADER)")
        connection.close()

    def by_arrow(table, path):
        flat = without(table, *RARE, *NESTED, "raw", "bytes", "null")
        kind = flat.schema.get_field_index("kind")
        pyarrow.csv.write_csv(flat.set_column(kind, "kind", flat["kind"].cast(pa.string())), path)

    yield "pandas CSV", by_pandas
    yield "polars CSV", by_polars
    yield "duckdb CSV", by_duckdb
    yield "pyarrow CSV", by_arrow


def all_writers(quick):
    """Every writer in every setting, or in a few."""
    few = ["none", "zstd"]
    yield from arrow(["snappy"] if quick else ["none", "snappy", "gzip", "brotli", "zstd", "lz4"],
                     ["dictionary", "plain", "split", "delta", "length", "runs"] if not quick else ["dictionary", "delta"])
    yield from old_arrow()
    yield from panda(["snappy"] if quick else ["snappy", "gzip", "zstd", None])
    yield from fast([None] if quick else [None, "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW", "BROTLI"])
    yield from polar(["zstd"] if quick else ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"])
    yield from duck(["zstd"] if quick else ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"])
