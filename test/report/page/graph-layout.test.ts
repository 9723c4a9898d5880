// Goal: lines of the graph go from the right of a box to the left of another. Method: several sources of one process,
// and one that lies far before it.
import { expect, it } from 'vitest';
import { graphLayout } from '../../../src/report/page/graph-layout.ts';
import { reportedProcess } from '../../support/report-document.ts';

it('begins and ends lines in the middle of the sides', async () => {
  const reading = (name: string, tables: readonly string[]) =>
    reportedProcess({
      process_name: name,
      target: `facts.${name}`,
      sources: tables.map((table) => ({ table, event_time: 'ts', kind: 'events' as const })),
    });
  const { nodes, edges } = await graphLayout([
    reading('a', ['raw.a']),
    reading('b', ['raw.b']),
    reading('c', ['raw.c']),
    reading('all', ['facts.a', 'facts.b', 'facts.c', 'raw.a']),
  ]);
  const sides = (side: 1 | -1) => nodes.map(({ x, y, width }) => `${x + (side * width) / 2} ${y}`);
  expect(edges).toHaveLength(7);
  for (const { points } of edges) {
    expect(sides(1)).toContain(`${points[0]?.x} ${points[0]?.y}`);
    expect(sides(-1)).toContain(`${points.at(-1)?.x} ${points.at(-1)?.y}`);
  }
});
