/** What examples/http_server.ts answers, by one plain `Deno.serve`: `deno run -A bench/io/plain_http.ts`. */
import { answer } from "../../examples/http_server.ts";

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`HTTP on port ${port}`),
}, (request) => {
  const { status, text } = answer({ path: new URL(request.url).pathname });
  return new Response(text, { status });
});
