/**
 * A chat server: whatever one client says, all others read, with the speaker's name before it.
 *
 *     deno run -A smarm.ts examples/chat.ts [port]
 *     nc localhost 6667
 *
 * The first line that a client sends is its name. Each connection has two actors, linked to each other, on any scheduler:
 * one reads what the client says, one writes what it is to hear. A slow client delays nobody: its writer's mailbox
 * holds the last 1,000 lines, older ones are dropped. When one end of a connection fails, its two actors end, their
 * supervisor forgets them, and the room hears of it.
 *
 * @module
 */

import type { Actor, Conn, Down, Pid } from "smarm";

/** Lines that wait for a slow client. */
const MAX_LINES_BEHIND = 1000;

type Enter = { type: "enter"; name: string; ears: Pid<string> };
type Say = { type: "say"; name: string; line: string };
export type RoomMessage = Enter | Say | Down;

/** Knows who is there; tells everybody what anybody says. */
export async function room(self: Actor<RoomMessage>): Promise<void> {
  const members = new Map<number, Enter>();
  const tell = (line: string) => {
    for (const { ears } of members.values()) self.send(ears, line);
  };
  for await (const message of self) {
    switch (message.type) {
      case "enter":
        self.monitor(message.ears);
        tell(`* ${message.name} has come`);
        members.set(message.ears, message);
        self.send(
          message.ears,
          `* ${members.size} here: ${[...members.values()].map((one) => one.name).join(", ")}`,
        );
        break;
      case "say":
        tell(`${message.name}: ${message.line}`);
        break;
      case "DOWN": {
        const gone = members.get(message.pid);
        members.delete(message.pid);
        if (gone !== undefined) tell(`* ${gone.name} has gone`);
      }
    }
  }
}

/** Writes to one client, until its connection fails or its reader ends. */
export async function ears(self: Actor<string>, conn: Conn): Promise<void> {
  for await (const line of self) {
    let text = line + "\n";
    for (let next = self.tryReceive(); next !== undefined; next = self.tryReceive()) text += next + "\n";
    await conn.write(text);
  }
}

/** Reads what one client says. It owns the connection, which is closed by its end. */
export async function mouth(self: Actor, conn: Conn, theRoom: Pid<RoomMessage>): Promise<void> {
  try {
    let name = "";
    let listener: Pid<string> | undefined;
    for await (const line of conn.lines()) {
      if (listener === undefined) {
        name = line.trim().slice(0, 20) || "somebody";
        const mailbox = { capacity: MAX_LINES_BEHIND, onFull: "drop-oldest" } as const;
        // The closure shares the connection; this actor remains its owner.
        listener = self.spawnWith({ link: true, mailbox, scheduler: "local" }, (own: Actor<string>) =>
          ears(own, conn)).pid;
        self.send(theRoom, { type: "enter", name, ears: listener });
      } else self.send(theRoom, { type: "say", name, line });
    }
    if (listener !== undefined) self.exit(listener, "shutdown");
  } catch (error) {
    // A client that vanishes is no fault of the server's.
    if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) {
      throw error;
    }
    self.exit(self.pid, "shutdown");
  }
}

export async function main(self: Actor, portText = "6667"): Promise<void> {
  const theRoom = self.spawnWith({ name: "room", link: true }, room);
  const clients = self.superviseMany({
    start: [mouth],
    restart: "temporary", // a connection that failed does not come back
    scheduler: "spread",
  });
  const listener = await self.io.listen({ port: Number(portText) });
  console.log(`Chat on port ${(listener.addr as Deno.NetAddr).port}`);
  for await (const conn of listener) {
    clients.startChild(conn, theRoom.pid).catch((error) => self.log.warn(String(error)));
  }
}
