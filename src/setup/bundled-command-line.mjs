/**
 * The command line as it stands in dist/: in place of `src/cli/command-line.ts` it loads the bundle, together
 * with the code that V8 has compiled of it before. Node's own compile cache holds only what is compiled while
 * a module is loaded; functions are compiled when they are first called, a fifth of the CPU time of
 * `psyberg run` with nothing new (131 ms of it so, 106 ms with their code; 2026-11-29, medians of 9).
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import vm from 'node:vm';

const FOLDER = import.meta.dirname;
/** The build puts the name of the file here. */
const ENTRY = 'BUNDLED_COMMAND_LINE';

/** Of exit codes that of wrong usage: such a command calls next to nothing, and its name may be a mistake. */
const USAGE = 2;

export async function runCommandLine(argv) {
  const { load, keep } = bundle(codeFolder(argv));
  const exitCode = await load(path.join(FOLDER, ENTRY)).runCommandLine(argv);
  if (exitCode !== USAGE) keep();
  return exitCode;
}

/**
 * A folder for each command, since each calls other functions; undefined where none can be had. It is that of
 * the package, where whoever may write can write psyberg itself, or else one of this user alone.
 */
function codeFolder(argv) {
  const command = argv.find((word, at) => !word.startsWith('-') && argv[at - 1] !== '--project');
  const name = path.join(`node-${process.version}`, /^[a-z]+$/.test(command ?? '') ? command : 'none');
  const ofPackage = path.join(FOLDER, '.code');
  const ofUser = path.join(os.tmpdir(), `psyberg-code-${process.getuid?.() ?? ''}`);
  for (const root of [ofPackage, ofUser]) {
    try {
      fs.mkdirSync(root, { recursive: true, mode: 0o700 });
      fs.accessSync(root, fs.constants.W_OK);
      if (root === ofPackage || isMine(root)) return path.join(root, name);
    } catch {
      // Nobody may write there: the next one.
    }
  }
  return undefined;
}

/** Nobody else has made it, and nobody else may write in it. */
function isMine(folder) {
  const { uid, mode } = fs.lstatSync(folder);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

/** Loads files of the bundle; `keep` writes down what was compiled of them. */
function bundle(folder) {
  const loaded = new Map();
  const scripts = [];
  let isComplete = true;
  const load = (file) => {
    const before = loaded.get(file);
    if (before !== undefined) return before.exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const compiled = folder === undefined ? undefined : path.join(folder, `${path.basename(file)}.code`);
    const cachedData = readIfThere(compiled);
    // In ASCII: see build.mjs.
    const text = fs.readFileSync(file, 'latin1');
    const source = `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
    const script = new vm.Script(source, { filename: file, cachedData });
    scripts.push({ script, compiled });
    if (cachedData === undefined || script.cachedDataRejected === true) isComplete = false;
    const outside = createRequire(file);
    const require = (id) => {
      if (id.startsWith('./')) return load(path.join(path.dirname(file), id));
      return id.startsWith('node:') ? process.getBuiltinModule(id) : outside(id);
    };
    script.runInThisContext()(module.exports, require, module, file, path.dirname(file));
    return module.exports;
  };
  // One file more than before: functions of the others were called that nobody called before, too.
  const keep = () => {
    if (isComplete || folder === undefined) return;
    // A thread of the command calls what the command does, and writes under the same name. Asked for here: its
    // module takes a millisecond to load.
    if (!process.getBuiltinModule('node:worker_threads').isMainThread) return;
    for (const { script, compiled } of scripts) writeWhole(compiled, script.createCachedData());
  };
  return { load, keep };
}

function readIfThere(file) {
  try {
    return file === undefined ? undefined : fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Another command may read it meanwhile. Where it cannot be written, the next command compiles again. */
function writeWhole(file, bytes) {
  const beside = `${file}.${process.pid}`;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(beside, bytes);
    fs.renameSync(beside, file);
  } catch {
    fs.rmSync(beside, { force: true });
  }
}
