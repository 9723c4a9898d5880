// Goal: a restate in one commit is refused where a Spark would not see what is held, and nowhere else. Method:
// a project whose workspace of its own says that it was asked for.
import { expect, it } from 'vitest';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { runTogether } from '../../src/processes/run-together.ts';
import type { Workspace } from '../../src/workspace/open-workspace.ts';

const spec = {
  processName: 'counted',
  engine: 'spark',
  sources: [],
  target: { table: { namespace: ['facts'], name: 'counted' } },
} as unknown as ProcessSpec;

const begun = (catalogUri: string | undefined): Promise<unknown> =>
  runTogether(
    {
      client: { commitsTogether: async () => true },
      project: { processes: [spec], engines: { spark: { catalogUri } } },
      holding: async () => {
        throw new Error('begun');
      },
    } as unknown as Workspace,
    undefined,
    {},
  );

it('a Spark that finds a catalog on any port sees what is held', async () => {
  await expect(begun(undefined)).rejects.toThrow('begun');
  await expect(begun('http://etl.internal:{port}')).rejects.toThrow('begun');
});

it('one that looks at one port is refused, with what to write', async () => {
  await expect(begun('http://etl.internal:8181')).rejects.toMatchObject({
    code: 'atomic-unsupported',
    hint: expect.stringContaining('{port}'),
  });
});
