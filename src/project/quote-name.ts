/** Quotes column names in the SQL and YAML that scaffolding writes for people. Pure. */
export { sqlName } from '../model/sql-name.ts';

/** A text as one YAML value inside a list or map. */
export const yamlText = (text: string): string =>
  /^[A-Za-z_][\w.]*$/.test(text) && !/^(true|false|null)$/i.test(text) ? text : JSON.stringify(text);
