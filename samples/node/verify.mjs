// Verifies receipt bundles offline, with nothing but Node: an independent reading of docs/determinism.md, in receipts/*.mjs. It checks that the log which
// the key signs contains the statement, and that request and answer are what the statement commits to. It does not run the request again: the command
// verify of the server does.
//
// node verify.mjs BUNDLE.json [KEYFILE]     The file has the keys that you trust: verifier keys (vkey of GET /v1/receipts/key), one per line, and public keys in
//                                           PEM; the bundle's own proves only that its parts belong together.
// node verify.mjs FOLDER [KEYFILE]          A line NAME: VERDICT: reason for each file.
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Malformed, oneLine } from "./receipts/bytes.mjs";
import { exitCodes, verify } from "./receipts/check.mjs";
import { readFile } from "./receipts/files.mjs";
import { parseKeys } from "./receipts/log.mjs";

export { verify } from "./receipts/check.mjs";

/** The worst first. */
const order = ["TAMPERED", "UNUSABLE", "UNKNOWN VERSION", "OTHER KEY", "UNTRUSTED", "INCOMPLETE", "INCONCLUSIVE", "SIGNED", "VALID"];

const verifyFile = (file, key) => verify(readFile(file, "bundle"), key);

/** Nobody has named the files of a folder: a pipe would never end. */
function verifyRegular(file, key) {
  try {
    if (statSync(file).isFile()) return verifyFile(file, key);
    return { verdict: "UNUSABLE", reason: "it is no regular file" };
  } catch (error) {
    if (!(error instanceof Malformed) && error.code === undefined) throw error;
    return { verdict: "UNUSABLE", reason: error.message };
  }
}

function verifyFolder(folder, key) {
  const verdicts = readdirSync(folder).sort().map((name) => {
    const { verdict, reason } = verifyRegular(join(folder, name), key);
    console.log(oneLine(`${name}: ${verdict}: ${reason}`));
    return verdict;
  });
  return order.find((verdict) => verdicts.includes(verdict)) ?? "UNUSABLE";
}

function report({ verdict, reason, checks, unbound = [] }) {
  console.log(oneLine(verdict === "VALID" ? `${verdict} (${reason})` : `${verdict}: ${reason}`));
  const passed = checks.filter((check) => check.outcome === "passed").map((check) => check.name);
  const others = checks.filter((check) => check.outcome !== "passed" && check.outcome !== "failed").map((check) => `${check.name} (${check.detail})`);
  if (passed.length > 0) console.log(`checked: ${passed.join(", ")}`);
  if (others.length > 0) console.log(oneLine(`not checked: ${others.join(", ")}`));
  if (unbound.length > 0) console.log(oneLine(`bound by no receipt: ${unbound.join(", ")}`));
}

function run([file, keyFile]) {
  if (file === undefined) {
    console.error("usage: node verify.mjs BUNDLE.json|FOLDER [KEYFILE]");
    return exitCodes.UNUSABLE;
  }
  try {
    const key = keyFile === undefined ? undefined : readFile(keyFile, "keys").toString();
    if (keyFile !== undefined) parseKeys(key);
    if (statSync(file).isDirectory()) return exitCodes[verifyFolder(file, key)];
    const result = verifyFile(file, key);
    report(result);
    return exitCodes[result.verdict];
  } catch (error) {
    // Of the key, or of a file that can't be opened.
    if (!(error instanceof Malformed) && error.code === undefined) throw error;
    console.error(oneLine(error.message));
    return exitCodes.UNUSABLE;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = run(process.argv.slice(2));
