/**
 * How tokens travel in messages: the codes 24 to 30 of the codec. At the sender a token is noted as leaving, at the receiver as
 * arrived; who gets it is told by the record (owners.ts).
 *
 * @module
 */
import type { IoClient } from "./client.ts";
import type { ConnRecord } from "./protocol.ts";
import type { Token } from "./token.ts";
import { Child, Pipe, Signals } from "./command.ts";
import { Conn, DatagramConn, Listener } from "./net.ts";
import { File } from "./file.ts";

/** A pipe that stays another actor's when its child is sent. */
type ApartPipe = [id: number, name: string, given: number];

export function registerTokens(io: IoClient): void {
  const { classes } = io.s.remote;
  const register = <T extends Token, P>(
    token: abstract new (...args: never[]) => T,
    code: number,
    plain: (token: T) => P,
    revive: (plain: P, given: number) => T,
  ) =>
    classes.registerSpecial(
      token,
      code,
      (one: T): [number, number, P] => {
        const handing = io.owners.nextHanding();
        io.owners.leaving.push({ token: one, given: ++one.given, handing });
        return [one.given, handing, plain(one)];
      },
      ([given, handing, what]: [number, number, P]) => {
        const one = revive(what, given);
        one.handing = handing;
        io.owners.arrived.push(one);
        return one;
      },
    );
  register(
    File,
    24,
    (file): [number, string] => [file.id, file.path],
    ([id, path], given) => new File(io, id, path, given),
  );
  register(Conn, 25, (conn): ConnRecord => conn.record(), (record, given) => new Conn(io, record, given));
  register(
    Listener,
    26,
    (one): [number, Deno.Addr] => [one.id, one.addr],
    ([id, addr], given) => new Listener(io, id, addr, given),
  );
  register(
    DatagramConn,
    27,
    (one): [number, Deno.NetAddr] => [one.id, one.addr],
    ([id, addr], given) => new DatagramConn(io, id, addr, given),
  );
  register(
    Pipe,
    28,
    (pipe): [number, string] => [pipe.id, pipe.name],
    ([id, name], given) => new Pipe(io, id, name, given),
  );
  register(
    Child,
    29,
    (one): [number, number, string, (Pipe | ApartPipe | null)[]] => [
      one.id,
      one.pid,
      one.command,
      one.pipes.map((pipe) => {
        return pipe === null || io.owners.goesWith(one, pipe) ? pipe : [pipe.id, pipe.name, pipe.given];
      }),
    ],
    ([id, pid, command, sent], given) => {
      const pipes = sent.map((pipe) => Array.isArray(pipe) ? new Pipe(io, ...pipe) : pipe);
      return new Child(io, id, pid, command, pipes, given);
    },
  );
  register(
    Signals,
    30,
    (one): [number, Deno.Signal, boolean] => [one.id, one.name, one.comesAsMessages],
    ([id, name, messages], given) => new Signals(io, id, name, messages, given),
  );
}
