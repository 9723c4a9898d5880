/**
 * Opens DuckDB, whose library (70 MB) and client are loaded only then: 30 ms of CPU time, 65 if they are not
 * bundled. Code that only knows the engine's types, or turns out to need no statement, does not pay for it.
 */
import type { Binder } from './binder.ts';
import type { Engine, EngineOptions } from './engine.ts';

/** Starts DuckDB in memory with the extensions it needs. Throws `extension-missing` with the remedy. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { startEngine } = await import('./engine.ts');
  return startEngine(options);
}

/** DuckDB as a judge of texts alone. */
export async function openBinder(): Promise<Binder> {
  const { startBinder } = await import('./binder.ts');
  return startBinder();
}
