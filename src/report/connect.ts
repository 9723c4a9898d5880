/**
 * Tells how another client opens the warehouse, by a text to paste that runs as it is. Place of a catalog ->
 * snippet. Pure.
 */
import { assertNever } from '../model/errors.ts';
import { backticked } from '../model/sql-name.ts';

export const CLIENTS = ['duckdb', 'pyiceberg', 'spark', 'polars', 'trino'] as const;
export type Client = (typeof CLIENTS)[number];

/** Where the tables can be reached. */
export interface CatalogPlace {
  readonly uri: string;
  /** The warehouse that the client asks the catalog for; undefined: none. */
  readonly warehouse: string | undefined;
  /** `given`: is written into the snippet; `environment`: the snippet reads it from this variable. */
  readonly token: { readonly from: 'given' | 'environment'; readonly text: string };
  /** `namespace.name` of a table to look at; undefined if none is known. */
  readonly table: string | undefined;
  /** The command that has to run meanwhile; undefined if the catalog is already there. */
  readonly serve: string | undefined;
}

export interface Snippet {
  readonly client: Client;
  readonly language: 'sql' | 'python' | 'properties';
  /** The command that has to run meanwhile; null if there is none. */
  readonly serve: string | null;
  /** The command that installs the client. */
  readonly install: string | null;
  readonly snippet: string;
}

export function connectSnippet(client: Client, place: CatalogPlace): Snippet {
  const serve = place.serve ?? null;
  switch (client) {
    case 'duckdb':
      return { client, language: 'sql', serve, install: null, snippet: duckDbSnippet(place) };
    case 'pyiceberg':
      return {
        client,
        language: 'python',
        serve,
        install: "pip install 'pyiceberg[pyarrow]'",
        snippet: pyIcebergSnippet(place),
      };
    case 'polars':
      return {
        client,
        language: 'python',
        serve,
        install: "pip install polars 'pyiceberg[pyarrow]'",
        snippet: polarsSnippet(place),
      };
    case 'spark':
      return {
        client,
        language: 'python',
        serve,
        install: 'pip install pyspark==3.5.6   # and Java 17',
        snippet: sparkSnippet(place),
      };
    case 'trino':
      return {
        client,
        language: 'properties',
        serve,
        install: null,
        snippet: trinoSnippet(place),
      };
    default:
      return assertNever(client);
  }
}

const COMMENT: Readonly<Record<Snippet['language'], string>> = { sql: '--', python: '#', properties: '#' };

/**
 * The snippet with everything to do beforehand in comments of its language, so that all of it can be pasted.
 */
export function snippetText({ language, serve, install, snippet }: Snippet): string {
  const mark = COMMENT[language];
  const before = [
    ...(serve === null ? [] : [`${mark} meanwhile, in a terminal of its own: ${serve}`]),
    ...(install === null ? [] : [`${mark} ${install}`]),
  ];
  return [...before, snippet].join('\n');
}

const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const sqlName = (name: string): string =>
  name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
/** For printable text, JSON's strings are also Python's. */
const pythonText = (text: string): string => JSON.stringify(text);
const pythonToken = ({ token }: CatalogPlace): string =>
  token.from === 'given' ? pythonText(token.text) : `os.environ[${pythonText(token.text)}]`;

/** `getenv` is a function of DuckDB's own command line only. */
function duckDbSnippet(place: CatalogPlace): string {
  const { uri, warehouse = '', token, table } = place;
  const secret = token.from === 'given' ? sqlText(token.text) : `getenv(${sqlText(token.text)})`;
  const look =
    table === undefined
      ? "select table_schema, table_name from information_schema.tables where table_catalog = 'lake';"
      : `from lake.${sqlName(table)} limit 10;`;
  return `install iceberg;
load iceberg;
create or replace secret lake (type iceberg, token ${secret});
attach ${sqlText(warehouse)} as lake (type iceberg, endpoint ${sqlText(uri)}, secret lake);
${look}`;
}

const openInPython = (place: CatalogPlace): string =>
  `catalog = RestCatalog(${[
    "'psyberg'",
    `uri=${pythonText(place.uri)}`,
    `token=${pythonToken(place)}`,
    ...(place.warehouse === undefined ? [] : [`warehouse=${pythonText(place.warehouse)}`]),
  ].join(', ')})`;

const importOs = ({ token }: CatalogPlace): string => (token.from === 'environment' ? 'import os\n' : '');

function pyIcebergSnippet(place: CatalogPlace): string {
  const look =
    place.table === undefined
      ? 'print([table for namespace in catalog.list_namespaces() for table in catalog.list_tables(namespace)])'
      : `print(catalog.load_table(${pythonText(place.table)}).scan(limit=10).to_arrow())`;
  return `${importOs(place)}from pyiceberg.catalog.rest import RestCatalog
${openInPython(place)}
${look}`;
}

function polarsSnippet(place: CatalogPlace): string {
  const look =
    place.table === undefined
      ? 'print([table for namespace in catalog.list_namespaces() for table in catalog.list_tables(namespace)])'
      : `print(pl.scan_iceberg(catalog.load_table(${pythonText(place.table)})).head(10).collect())`;
  return `${importOs(place)}import polars as pl
from pyiceberg.catalog.rest import RestCatalog
${openInPython(place)}
${look}`;
}

/** The version of Iceberg used in the interop tests. */
const SPARK_PACKAGE = 'org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0';

function sparkSnippet(place: CatalogPlace): string {
  const { uri, warehouse, table } = place;
  const settings: (readonly [string, string])[] = [
    ['spark.jars.packages', pythonText(SPARK_PACKAGE)],
    ['spark.sql.extensions', pythonText('org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions')],
    ['spark.sql.catalog.lake', pythonText('org.apache.iceberg.spark.SparkCatalog')],
    ['spark.sql.catalog.lake.type', pythonText('rest')],
    ['spark.sql.catalog.lake.uri', pythonText(uri)],
    ['spark.sql.catalog.lake.token', pythonToken(place)],
    ...(warehouse === undefined
      ? []
      : [['spark.sql.catalog.lake.warehouse', pythonText(warehouse)] as const]),
    ['spark.sql.session.timeZone', pythonText('UTC')],
  ];
  const look =
    table === undefined
      ? "spark.sql('show namespaces in lake').show()"
      : `spark.table(${pythonText(`lake.${sparkName(table)}`)}).show(10)`;
  return `${importOs(place)}from pyspark.sql import SparkSession
spark = (SparkSession.builder
${settings.map(([key, value]) => `    .config('${key}', ${value})`).join('\n')}
    .getOrCreate())
${look}`;
}

const sparkName = (name: string): string => name.split('.').map(backticked).join('.');

/** A catalog file that Trino's server reads when it starts. */
function trinoSnippet({ uri, warehouse, token, table }: CatalogPlace): string {
  const secret = token.from === 'given' ? token.text : `\${ENV:${token.text}}`;
  return [
    '# etc/catalog/lake.properties',
    'connector.name=iceberg',
    'iceberg.catalog.type=rest',
    `iceberg.rest-catalog.uri=${uri}`,
    ...(warehouse === undefined ? [] : [`iceberg.rest-catalog.warehouse=${warehouse}`]),
    'iceberg.rest-catalog.security=OAUTH2',
    `iceberg.rest-catalog.oauth2.token=${secret}`,
    'fs.hadoop.enabled=true',
    ...(table === undefined ? [] : [`# then: select * from lake.${sqlName(table)} limit 10`]),
  ].join('\n');
}
