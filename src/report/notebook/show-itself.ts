/**
 * Makes values show themselves: as HTML in a notebook, as text on a console. Value + look -> the same value.
 * Pure.
 */

/** How a value looks. Both forms are made only when somebody looks. */
export interface Appearance {
  readonly text: () => string;
  readonly html: () => string | Promise<string>;
}

/** The name under which Deno's kernel asks a value for its forms, by media type. */
const DISPLAY: unique symbol = Symbol.for('Jupyter.display') as never;
/** The name under which `console.log` of Node and Deno asks a value for a text. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * Adds two properties to the value that nothing lists: its JSON, and what it is equal to, stay the same. A
 * value that cannot be extended is copied.
 */
export function showItself<Value extends object>(value: Value, { text, html }: Appearance): Value {
  const shown = Object.isExtensible(value) ? value : copyOf(value);
  const display = async (): Promise<Readonly<Record<string, string>>> => ({
    'text/plain': text(),
    'text/html': await html(),
  });
  Object.defineProperty(shown, DISPLAY, { value: display, configurable: true });
  Object.defineProperty(shown, INSPECT, { value: text, configurable: true });
  return shown;
}

const copyOf = <Value extends object>(value: Value): Value =>
  (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Value;
