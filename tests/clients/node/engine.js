/** Where the server under test listens; the suite does not start one. It may be the door or the embedded engine itself. */
export const url = process.env.INFERENCE_TEST_URL?.replace(/\/$/, "");
if (!url) throw new Error("INFERENCE_TEST_URL is not set: start a server and set it, for example to http://127.0.0.1:8080.");

export const baseURL = `${url}/v1`;

/** What is served. */
export async function servedModel() {
  const response = await fetch(`${baseURL}/models`);
  return (await response.json()).data[0].id;
}

async function health(of, signal) {
  return await (await fetch(`${of}/health`, { signal })).json();
}

/** Polls the embedded engine's /health until nothing is computed; the report. A door tells there where its engine is. */
export async function idle(signal) {
  const engine = (await health(url, signal)).backend?.url ?? url;
  for (;;) {
    signal.throwIfAborted();
    const report = await health(engine, signal);
    if (!Number.isInteger(report.running_sequences)) throw new Error(`${engine} is not the embedded engine: its /health counts no sequences.`);
    if (report.running_sequences + report.waiting_requests === 0) return report;
  }
}
