/**
 * Collects how files are reached: what psyberg.yaml says, with this machine's keys where it asks for them,
 * and the credentials that came with tables. ProjectSpec + tables -> StorageAccess[]. Keys that expire are
 * renewed while DuckDB works, because a statement may run for longer than they are valid. Whoever opens files
 * here also deletes those that a session left over.
 */
// Node's own, in Deno too: its global ones cannot be told to hold no process.
import { clearTimeout, setTimeout } from 'node:timers';
import type { StorageAccess } from '../engine/index.ts';
import { sameTable, type TableIdentifier, tableKey } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { CA_FILE, expiresAtMs } from '../model/storage-settings.ts';
import { withoutSlash } from '../model/without-slash.ts';
import { withWholeBundle } from '../objects/certificates.ts';
import { mountStore } from '../objects/mounts.ts';
import { opensStore, storeAt } from '../objects/store-on-demand.ts';
import { storageOfFiles } from './storage.ts';
import { type WrittenFolder, writtenFolders } from './written-folders.ts';

export interface KnownStorage {
  /** All of it as it is now. @throws PsybergError `credentials-missing`. */
  all(): Promise<StorageAccess[]>;
  /** The folders into which tables are written at this time: before the next statement, what opens them. */
  learnFolders(folders: readonly WrittenFolder[]): void;
  /** What came with a table, whose own files are below `location`. */
  learn(table: LearnedTable, access: readonly StorageAccess[]): void;
  /** Has keys renewed that are about to expire, until {@link stop}. It holds no process. */
  whenExpiring(renewing: StorageRenewal): void;
  /**
   * Before work that needs keys: renews what is due, as on a machine that slept, and tells of new folders.
   * Undefined: there is nothing of either.
   */
  renewIfDue(): Promise<void> | undefined;
  stop(): void;
}
export interface StorageRenewal {
  /** Loads a table, with which its keys come. */
  readonly load: (table: TableIdentifier) => Promise<unknown>;
  /** Called after that: what is known may be new, that of this machine too. */
  readonly renewed: () => Promise<void>;
}
export interface LearnedTable {
  readonly table: TableIdentifier;
  readonly location: string;
  /** Default: `LOCATION/data`. */
  readonly dataFolder?: string;
}

/**
 * Keys are fetched anew this long before they expire, later than whoever gives them begins to; those that
 * live shorter, in the middle of their life.
 */
const MARGIN_MS = 240_000;
/** Between two looks, however soon they expire; and the longest that a timer of Node's can wait for. */
const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 2 ** 31 - 1;

interface Learned extends LearnedTable {
  readonly access: StorageAccess;
  readonly dueAtMs: number;
}

export function knownStorage(project: ProjectSpec, nowMs: () => number = Date.now): KnownStorage {
  const { catalog } = project;
  const ofProject = storageOfFiles(catalog);
  /** By location and scope: several tables may have come with keys for one scope. */
  const learned = new Map<string, Learned>();
  /** The newest of each scope. */
  const byScope = new Map<string, StorageAccess['config']>();
  const caFile = catalog.storage?.[CA_FILE];
  const certificates = caFile === undefined ? {} : { [CA_FILE]: caFile };
  const folders = writtenFolders();
  let ofMachine: { readonly expireAtMs: number | undefined; readonly dueAtMs: number } | undefined;
  const due = (): number =>
    Math.min(ofMachine?.dueAtMs ?? NEVER, ...[...learned.values()].map(({ dueAtMs }) => dueAtMs));
  const renewal = renewalTimer(due, nowMs);
  const mounts = storeMounts((scope) => ({ ...certificates, ...byScope.get(scope) }));
  return {
    async all() {
      const own = await ofProject?.();
      const expireAtMs = own === undefined ? undefined : expiresAtMs(own);
      if (ofMachine?.expireAtMs !== expireAtMs)
        ofMachine = { expireAtMs, dueAtMs: renewAtMs(expireAtMs, nowMs()) };
      renewal.schedule();
      const ofTables = secretsOf([...learned.values()], folders.all());
      return [
        ...(own === undefined ? [] : scopesOf(project, own).map((scope) => ({ scope, config: own }))),
        ...ofTables.map((each) => ({ ...each, config: { ...certificates, ...each.config } })),
      ].map((each) => ({ ...each, config: withWholeBundle(each.config) }));
    },
    learnFolders: folders.learn,
    learn(table, given) {
      for (const access of given) {
        const { scope, config } = access;
        byScope.set(scope, config);
        const dueAtMs = renewAtMs(expiresAtMs(config), nowMs());
        const place = `${table.location} ${scope}`;
        // Behind all others: of those for one scope the newest counts.
        learned.delete(place);
        learned.set(place, { ...table, access, dueAtMs });
        if (catalog.kind === 'rest') mounts.add(scope);
      }
      renewal.schedule();
    },
    whenExpiring({ load, renewed }) {
      folders.whenNew(renewed);
      renewal.begin(async () => {
        await renewEach(learned, load, nowMs());
        await renewed();
      });
    },
    // What renews tells of folders, too.
    renewIfDue: () => renewal.nowIfDue() ?? folders.tellIfNew(),
    stop() {
      renewal.begin(undefined);
      mounts.undo();
    },
  };
}

/** Whoever may write a table's files may as a rule delete them, too; where not, they stay. */
function storeMounts(configOf: (scope: string) => StorageAccess['config']): {
  readonly add: (scope: string) => void;
  readonly undo: () => void;
} {
  const mounted = new Map<string, () => void>();
  return {
    add(scope) {
      const config = (): StorageAccess['config'] => configOf(scope);
      if (mounted.has(scope) || !opensStore(scope, config())) return;
      mounted.set(scope, mountStore(scope, storeAt(scope, config)));
    },
    undo() {
      for (const unmount of mounted.values()) unmount();
      mounted.clear();
    },
  };
}

/**
 * Loads each table whose keys are about to expire. One that cannot be loaded holds up no other, and is asked
 * for again; what does not come again is forgotten, as of a dropped table.
 */
async function renewEach(
  learned: Map<string, Learned>,
  load: StorageRenewal['load'],
  nowMs: number,
): Promise<void> {
  const expiring = [...learned].filter(([, { dueAtMs }]) => dueAtMs <= nowMs);
  const tables = new Map(expiring.map(([, { table }]) => [tableKey(table), table]));
  for (const [key, table] of tables) {
    try {
      await load(table);
    } catch {
      continue;
    }
    for (const [place, each] of expiring)
      if (tableKey(each.table) === key && learned.get(place) === each) learned.delete(place);
  }
}

/**
 * DuckDB's Iceberg extension makes secrets of its own, for `LOCATION/`, of what a table came with when a
 * statement named it, and leaves them when the view has ended. DuckDB 1.5.5 takes the secret with the longest
 * scope, of equal ones the first by name (tried, 2026-11-29): so each table has one of ours for that scope,
 * and for each folder that it is written into, and the engine names its own so that they come first.
 */
function secretsOf(learned: readonly Learned[], folders: readonly WrittenFolder[]): StorageAccess[] {
  const found = new Map<string, StorageAccess>();
  for (const { location, access } of learned) {
    const ofTable = `${withoutSlash(location)}/`;
    // Without the slash it would count for a table whose name is longer, too.
    const scope = `${access.scope}/` === ofTable ? ofTable : access.scope;
    found.set(scope, { ...access, scope });
  }
  for (const { table, location, dataFolder = `${withoutSlash(location)}/data` } of learned) {
    const ofTable = `${withoutSlash(location)}/`;
    const [closest] = learned
      .filter((each) => each.location === location && ofTable.startsWith(each.access.scope))
      .sort((one, other) => other.access.scope.length - one.access.scope.length);
    if (closest === undefined) continue;
    found.set(ofTable, { ...closest.access, scope: ofTable });
    for (const written of folders)
      if (sameTable(written.table, table)) {
        const scope = `${withoutSlash(dataFolder)}/${written.folder}/`;
        found.set(scope, { ...closest.access, scope });
      }
  }
  return [...found.values()];
}

interface Renewal {
  schedule(): void;
  begin(work: (() => Promise<void>) | undefined): void;
  nowIfDue(): Promise<void> | undefined;
}

/** Calls `work` when it is due, again and again, never twice at once; holds no process. */
function renewalTimer(due: () => number, nowMs: () => number): Renewal {
  let work: (() => Promise<void>) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let endedAtMs = Number.NEGATIVE_INFINITY;
  const run = (): Promise<void> => {
    // What fails now fails again, in words, for the statement that needs it.
    running ??= (work?.() ?? Promise.resolve())
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
        endedAtMs = nowMs();
        schedule();
      });
    return running;
  };
  const schedule = (): void => {
    clearTimeout(timer);
    const atMs = due();
    if (work === undefined || !Number.isFinite(atMs)) return;
    const waitMs = Math.min(WAIT_MS_MAX, Math.max(WAIT_MS_MIN, atMs - nowMs()));
    timer = setTimeout(() => void run(), waitMs).unref();
  };
  return {
    schedule,
    begin(next) {
      work = next;
      schedule();
    },
    nowIfDue() {
      const nowAtMs = nowMs();
      return work === undefined || due() > nowAtMs || nowAtMs - endedAtMs < WAIT_MS_MIN ? undefined : run();
    },
  };
}

const NEVER = Number.POSITIVE_INFINITY;

/** `learnedAtMs`: when they came. */
const renewAtMs = (expireAtMs: number | undefined, learnedAtMs: number): number =>
  expireAtMs === undefined ? NEVER : expireAtMs - Math.min(MARGIN_MS, (expireAtMs - learnedAtMs) / 2);

/**
 * What psyberg.yaml says counts for every file of a kind of store; what comes with a table, for its own. Keys
 * are for Google's stores where they are called so, or nothing else of the project lies in a store: beside
 * tables in S3 a secret of the user's own may be for those.
 */
function scopesOf({ catalog, processes }: StoredProject, own: StorageAccess['config']): readonly string[] {
  const folders = processes.flatMap(({ sources }) => sources.flatMap(({ files }) => files?.globs ?? []));
  const isNamed = Object.keys(own).some((key) => key.startsWith('gcs.'));
  // Where tables of a foreign catalog lie, it says itself.
  const isAzure = Object.keys(own).some((key) => key.startsWith('adls.'));
  if (catalog.kind === 'rest')
    return [...S3_SCOPES, ...(isNamed ? ['gs://'] : []), ...(isAzure ? AZURE_SCOPES : [])];
  const { warehouse } = catalog;
  const isInS3 = [warehouse, ...folders].some((place) => /^s3[an]?:/.test(place));
  const isGoogle =
    warehouse.startsWith('gs://') || (!isInS3 && folders.some((each) => each.startsWith('gs://')));
  return [...S3_SCOPES, ...(isNamed || isGoogle ? ['gs://'] : [])];
}

/** What says where the files of a project lie. */
type StoredProject = Pick<ProjectSpec, 'catalog' | 'processes'>;

const AZURE_SCOPES = ['abfss://', 'abfs://', 'az://', 'azure://'] as const;
const S3_SCOPES = ['s3://', 's3a://', 's3n://'] as const;
