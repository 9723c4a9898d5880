/**
 * Values that show themselves: HTML in a notebook, text on a console. Value + how -> the same value. Pure.
 */

/** How a value looks. Both are made when somebody looks. */
export interface Appearance {
  readonly text: () => string;
  readonly html: () => string | Promise<string>;
}

/** Deno's kernel asks a value for its looks under this name, by media type. */
const DISPLAY: unique symbol = Symbol.for('Jupyter.display') as never;
/** Node's `console.log`, and Deno's, ask it for a text. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * The value with two more properties that nothing lists: it is the same JSON, and equal to what it was. A
 * value that cannot be added to is copied.
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
