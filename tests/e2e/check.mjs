// Counts what a browser test found and says it in the one form that the test driver reads.
let passed = 0;
let failed = 0;

export function check(name, ok, detail = "") {
  console.log(`${ok ? "ok  " : "FAIL"} ${name}${ok || detail === "" ? "" : `: ${detail}`}`);
  if (ok) passed += 1;
  else failed += 1;
}

export const counts = () => ({ passed, failed });

// The last line, and the exit code.
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
