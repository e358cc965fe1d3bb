/**
 * Listeners whose connections can go to schedulers (io/tcp_socket.ts) beside Deno's own.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { TcpListener } from "../../io/tcp_listener.ts";

/** Whether this machine has such addresses. */
function canListen(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch { // the OS knows no such address
    return false;
  }
}

/** As they are printed, without the port, which is another each time. */
function shown(...addrs: Deno.Addr[]): string[] {
  return addrs.map((addr) => JSON.stringify(addr).replace(/"port":\d+/, '"port":0'));
}

for (const [hostname, client] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::", "127.0.0.1"]]) {
  Deno.test({
    name: `a listener on ${hostname} shows the addresses that Deno's own does`,
    ignore: !canListen(hostname),
    async fn() {
      const ours = TcpListener.listen({ hostname, port: 0 });
      assert(ours !== null, "it is no listener of Deno's");
      const denos = Deno.listen({ hostname, port: 0 });
      const clients = [
        await Deno.connect({ hostname: client, port: ours.addr.port }),
        await Deno.connect({ hostname: client, port: denos.addr.port }),
      ];
      const one = await ours.accept(), other = await denos.accept();
      assertEquals(
        shown(ours.addr, one.localAddr, one.remoteAddr),
        shown(denos.addr, other.localAddr, other.remoteAddr),
      );
      assertEquals(one.remoteAddr.port, (clients[0].localAddr as Deno.NetAddr).port);
      for (const open of [...clients, one.socket, other, ours, denos]) open.close();
    },
  });
}
