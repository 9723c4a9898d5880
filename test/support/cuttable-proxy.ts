/**
 * A way to a server that can be cut: TCP from a port of its own to a port that may change. What passes is not
 * looked at.
 */

import { once } from 'node:events';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';

export interface CuttableProxy {
  readonly port: number;
  /** Where connections go from now on. */
  to(port: number): void;
  /** Breaks all connections; new ones are taken. */
  drop(): void;
  /** While on, nobody gets through, and who is connected is thrown out. */
  refuse(on: boolean): void;
  /** While on, connections stand and nothing comes back on them. */
  stall(on: boolean): void;
  /** One answer breaks off after its first bytes: the next one, or one after so many that are let through. */
  cutAnswer(after?: number): void;
  /** How many answers were cut so far. */
  cuts(): number;
  close(): Promise<void>;
}

export async function startProxy(target = 0): Promise<CuttableProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let [port, refuses, stalls, cuts] = [target, false, false, 0];
  let untilCut: number | undefined;
  const drop = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const server = createServer((client) => {
    if (refuses) return void client.destroy();
    const upstream = tcpConnect(port, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      // What a stalled connection would have brought is lost: it never goes on.
      if (stalls) return void upstream.pause();
      if (untilCut === undefined) return void client.write(bytes);
      if (untilCut > 0) {
        untilCut -= 1;
        return void client.write(bytes);
      }
      untilCut = undefined;
      cuts += 1;
      client.end(bytes.subarray(0, 20));
      upstream.destroy();
    });
    for (const socket of pair)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          pairs.delete(pair);
          for (const each of pair) each.destroy();
        });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    to: (next) => (port = next),
    drop,
    refuse(on) {
      refuses = on;
      if (on) drop();
    },
    stall: (on) => (stalls = on),
    cutAnswer: (after = 0) => (untilCut = after),
    cuts: () => cuts,
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
