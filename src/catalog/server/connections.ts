/**
 * How many connections a server keeps, and which go when there are more: first those that have not shown the
 * token.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface Connections {
  /** The connection has sent a request with the right token: no stranger makes it go. */
  prove(socket: Socket): void;
}

/**
 * What Node may accept beyond the limit while those that have to go are still closing: many may come in one
 * turn of its loop.
 */
const CLOSING_MAX = 64;

/**
 * Keeps at most `max` connections. A new one beyond them takes the place of the oldest one that has not shown
 * the token, or goes itself where all have: without it as many silent connections kept everybody out until
 * they timed out, 33 s for 800 (2026-11-27).
 */
export function limitConnections(server: Server, max: number): Connections {
  const open = new Set<Socket>();
  const unproven = new Set<Socket>();
  server.maxConnections = max + CLOSING_MAX;
  const forget = (socket: Socket): void => {
    open.delete(socket);
    unproven.delete(socket);
  };
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    unproven.add(socket);
    socket.once('close', () => forget(socket));
    const [oldest] = unproven;
    if (open.size <= max || oldest === undefined) return;
    forget(oldest);
    oldest.destroy();
  });
  return { prove: (socket) => void unproven.delete(socket) };
}
