/**
 * Sessions that end at a boundary as if their process had been killed there: from then on nothing that they ask
 * of DuckDB or of the catalog is answered, so that neither the next step nor what cleans up ever comes. Work on a
 * project -> whether it came that far. It costs no process a boundary; that SIGKILL leaves the same is for tests
 * with a process of their own.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import type { Engine } from '../../src/engine/index.ts';
import { MARKER_FILE } from '../../src/markers/session-marker.ts';
import { readProject } from '../../src/project/read-project.ts';
import { type Psyberg, psybergOver } from '../../src/psyberg.ts';
import { openWorkspace, type Workspace } from '../../src/workspace/open-workspace.ts';
import type { World } from './world.ts';

/** Counts boundaries, and ends everything at one of them. */
interface Life {
  /** Ended at the boundary; never settles where it is not reached. */
  readonly over: Promise<void>;
  /** Calls that were answered before, and have not come to their end. */
  running(): number;
  /** A call that changes what outlives a process: a boundary lies on both sides of it. */
  changing<Values extends unknown[], Result>(
    call: (...values: Values) => Promise<Result>,
  ): (...values: Values) => Promise<Result>;
  /** The same with a boundary before it alone. */
  beginning<Values extends unknown[], Result>(
    call: (...values: Values) => Promise<Result>,
  ): (...values: Values) => Promise<Result>;
  /** Any other call. */
  asking<Values extends unknown[], Result>(
    call: (...values: Values) => Promise<Result>,
  ): (...values: Values) => Promise<Result>;
}

const NEVER = new Promise<never>(() => undefined);

function lifeUntil(boundary: number): Life {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let [passed, running, isOver] = [0, 0, false];
  const alive = (): Promise<never> | undefined => (isOver ? NEVER : undefined);
  const pass = (): Promise<never> | undefined => {
    if (!isOver) passed += 1;
    if (!isOver && passed === boundary) {
      isOver = true;
      end();
    }
    return alive();
  };
  const around =
    (before: () => Promise<never> | undefined, behind = before): Life['asking'] =>
    (call) =>
    async (...values) => {
      await before();
      running += 1;
      const answer = await call(...values).finally(() => (running -= 1));
      await behind();
      return answer;
    };
  return {
    over,
    running: () => running,
    changing: around(pass),
    beginning: around(pass, alive),
    asking: around(alive),
  };
}

const CHANGES: ReadonlySet<string> = new Set([
  'commitTable',
  'commitTransaction',
  'createTable',
  'dropTable',
  'create',
]);
/** These take work of the caller's, and are answered when that is done. */
const FRAMES: ReadonlySet<string> = new Set(['inSession', 'inDatabase']);

/** Functions that answer at once. */
const AT_ONCE: ReadonlySet<string> = new Set([
  'release',
  'interrupt',
  'resume',
  'hasEnded',
  'close',
  'placed',
  'placedInAudit',
]);

/** The same with every function that answers later bound to a life. */
function mortal<Port extends object>(port: Port, life: Life, forks: Readonly<Record<string, unknown>>): Port {
  return new Proxy(port, {
    get(target, name, receiver) {
      if (typeof name === 'string' && name in forks) return forks[name];
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function' || typeof name !== 'string' || FRAMES.has(name)) return value;
      const call = (...values: unknown[]): unknown => Reflect.apply(value, target, values);
      if (AT_ONCE.has(name)) return call;
      const bound = CHANGES.has(name) ? life.changing : life.asking;
      return bound(async (...values: unknown[]) => call(...values));
    },
  });
}

function mortalEngine(engine: Engine, life: Life): Engine {
  const more = (open: (...values: never[]) => Promise<Engine>) =>
    life.asking(async (...values: never[]) => mortalEngine(await open(...values), life));
  return mortal(engine, life, { fork: more(engine.fork), beside: more(engine.beside) });
}

/** `opened`: takes the workspaces that are to be closed at the end. */
function mortalWorkspace(workspace: Workspace, life: Life, opened: Workspace[]): Workspace {
  opened.push(workspace);
  // The turn of a process ends with it: that of work which never ends would be waited for.
  const atOnce: CatalogClient['inTurn'] = (work) => work();
  const client: CatalogClient = mortal(workspace.client, life, { inTurn: atOnce });
  return {
    ...workspace,
    client,
    engine: async () => mortalEngine(await workspace.engine(), life),
    async ports(spec) {
      const ports = await workspace.ports(spec);
      const { engine, workload } = ports;
      return {
        ...ports,
        catalog: client,
        engine: mortalEngine(engine, life),
        workload: mortal(workload, life, { dialect: workload.dialect }),
      };
    },
    async holding() {
      const holding = await workspace.holding();
      // What it commits is held, and seen by nobody: behind it lies what lies before what comes next.
      const inner = mortalWorkspace(holding, { ...life, changing: life.beginning }, opened);
      return { ...inner, held: { ...holding.held, commit: life.changing(holding.held.commit) } };
    },
    close: async () => undefined,
  };
}

/**
 * Works on a project until a boundary, counted from 1: on either side of every commit, and of the creation and
 * removal of a table. True where it was reached; what is left is as a killed process leaves it.
 */
export async function killedAt(
  world: World,
  boundary: number,
  work: (psyberg: Psyberg) => Promise<unknown>,
): Promise<boolean> {
  const life = lifeUntil(boundary);
  const opened: Workspace[] = [];
  const workspace = await openWorkspace(readProject({ root: world.root, variables: {} }), {});
  try {
    const psyberg = psybergOver(mortalWorkspace(workspace, life, opened));
    const ended = work(psyberg).then(() => false);
    const isKilled = await Promise.race([ended, life.over.then(() => true)]);
    while (isKilled && life.running() > 0) await sleep(2);
    return isKilled;
  } finally {
    for (const each of opened.toReversed()) await each.close();
    disown(workspace.sessionsDirectory);
  }
}

/** The process of every marker is another one from now on, which has ended. */
function disown(sessionsDirectory: string): void {
  const folders = existsSync(sessionsDirectory) ? readdirSync(sessionsDirectory) : [];
  for (const folder of folders) {
    const path = join(sessionsDirectory, folder, MARKER_FILE);
    if (!existsSync(path)) continue;
    const marker = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...marker, process_start: 'of another' }));
  }
}
