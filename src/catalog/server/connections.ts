/**
 * Limits how many connections a server keeps. If there are more, those that have not shown the token are
 * closed first.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface Connections {
  /** The connection has sent a request with the right token, so no stranger can displace it. */
  prove(socket: Socket): void;
}

/** How many more Node may accept while others are still closing: many may come in one turn of its loop. */
const CLOSING_MAX = 64;

/**
 * Keeps at most `max` connections. One more replaces the oldest one that has not shown the token, or is
 * closed itself if all have. Without this as many silent connections kept everybody out until they timed out,
 * 33 s for 800 (2026-11-27).
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
