/** Places the nodes of the graph of processes. ReportedProcess[] -> places. Pure. */
import type { ReportedProcess } from './report-document.ts';

export interface GraphNode {
  readonly id: string;
  /** Undefined for a table that no process of the project writes. */
  readonly process: ReportedProcess | undefined;
  readonly label: string;
  /** Position of the node's middle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface GraphEdge {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly isLookup: boolean;
}
export interface GraphLayout {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly width: number;
  readonly height: number;
}

const PROCESS = { width: 244, height: 74 };
const TABLE = { width: 190, height: 32 };

/**
 * Lays the graph out from left to right. Loads the layout library only here, since only a report needs it.
 */
export async function graphLayout(processes: readonly ReportedProcess[]): Promise<GraphLayout> {
  const { Graph, layout } = await import('@dagrejs/dagre');
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 46, marginx: 6, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  const makers = new Map(processes.map((each) => [each.target.toLowerCase(), nodeOfProcess(each)]));
  const about = new Map<string, Pick<GraphNode, 'process' | 'label'>>();
  const lookups = new Set<string>();
  for (const process of processes) {
    const id = nodeOfProcess(process);
    about.set(id, { process, label: process.process_name });
    graph.setNode(id, { ...PROCESS });
  }
  for (const process of processes)
    for (const { table, kind } of process.sources) {
      const from = makers.get(table.toLowerCase()) ?? `table ${table.toLowerCase()}`;
      const to = nodeOfProcess(process);
      if (!about.has(from)) {
        about.set(from, { process: undefined, label: table });
        graph.setNode(from, { ...TABLE });
      }
      if (from !== to) graph.setEdge(from, to);
      if (kind === 'lookup') lookups.add(`${from}\n${to}`);
    }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    nodes: [...about].map(([id, what]) => ({ id, ...what, ...placeOf(graph.node(id)) })),
    edges: graph.edges().map(({ v, w }: { readonly v: string; readonly w: string }) => ({
      points: pointsOf(
        placeOf(graph.node(v)),
        placeOf(graph.node(w)),
        (graph.edge({ v, w }) as unknown as GraphEdge).points,
      ),
      isLookup: lookups.has(`${v}\n${w}`),
    })),
    width: Math.ceil(width),
    height: Math.ceil(height),
  };
}

/**
 * Draws an edge from the middle of the right side to that of the left one: the library would end a steep
 * line at the top of a node. Neighbours need no points in between.
 */
function pointsOf(from: Place, to: Place, points: GraphEdge['points']): GraphEdge['points'] {
  const between = points.slice(1, -1);
  return [
    { x: from.x + from.width / 2, y: from.y },
    ...(between.length > 1 ? between : []),
    { x: to.x - to.width / 2, y: to.y },
  ];
}

const nodeOfProcess = ({ process_name: name }: ReportedProcess): string => `process ${name}`;

type Place = Pick<GraphNode, 'x' | 'y' | 'width' | 'height'>;

function placeOf(node: unknown): Place {
  const { x, y, width, height } = node as GraphNode;
  return { x, y, width, height };
}
