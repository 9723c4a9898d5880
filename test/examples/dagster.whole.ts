// Goal: the example works in Dagster as it is. Method: Dagster loads it over the template's project, and
// materialises every asset, twice.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolders } from '../cli/fixture.ts';
import { pythonWith } from '../support/python-with.ts';
import { EXAMPLES, makeShop, type Shop } from './shop.ts';

const execute = promisify(execFile);
const DEFINITIONS = join(EXAMPLES, 'dagster', 'definitions.py');
/** Prints what the definitions hold, and what materialising them said of each asset. */
const PROGRAM = `
import importlib.util, json, sys
import dagster as dg
spec = importlib.util.spec_from_file_location("definitions", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
known = {key.to_user_string(): sorted(each.to_user_string() for each in asset.asset_deps[key])
         for asset in module.assets for key in asset.keys}
result = dg.materialize(module.assets, instance=dg.DagsterInstance.get(), raise_on_error=False)
told = {event.materialization.asset_key.to_user_string(): {key: value.value for key, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()}
print(json.dumps({"success": result.success, "known": known, "told": told,
                  "schedules": [each.name for each in module.defs.schedules]}))
`;

let shop: Shop;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  const bin = await pythonWith({ name: 'dagster', requirements: ['dagster==1.13.29'] });
  shop = await makeShop();
  const home = join(shop.folder, 'dagster');
  mkdirSync(home);
  environment = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env['PATH']}`,
    DAGSTER_HOME: home,
    DAGSTER_DISABLE_TELEMETRY: '1',
    PSYBERG: shop.psyberg,
    PSYBERG_PROJECT: shop.project,
    PYTHONDONTWRITEBYTECODE: '1',
  };
}, 900_000);
afterAll(removeFolders);

const materialise = async (): Promise<unknown> => {
  const { stdout } = await execute('python', ['-c', PROGRAM, DEFINITIONS], {
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
};

describe('the example for Dagster', { timeout: 300_000 }, () => {
  it('makes an asset of every target, materialised in order, and does nothing the second time', async () => {
    const known = { 'facts/event_fact': ['raw/raw_events'], 'facts/event_count': ['facts/event_fact'] };
    expect(await materialise()).toMatchObject({
      success: true,
      known,
      schedules: ['psyberg_hourly'],
      told: {
        'facts/event_fact': { status: 'published', rows_written: 360 },
        'facts/event_count': { status: 'published', rows_written: 18 },
      },
    });
    expect(await materialise()).toMatchObject({
      success: true,
      told: {
        'facts/event_fact': { status: 'nothing-new', published_snapshot_id: 'none' },
        'facts/event_count': { status: 'nothing-new' },
      },
    });
  });
});
