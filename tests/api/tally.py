"""Runs the cases of a test script one after another and counts them for tests/run.py, which reads the closing line."""
import time
import traceback


def tests_of(namespace):
    """The functions of a script that are named test_..., as (name, function), in the order of the script."""
    return [(name, test) for name, test in namespace.items() if name.startswith("test_")]


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, good, detail=""):
        """One comparison whose result is known."""
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"ok      {name}" if good else f"FAILED  {name}" + (f": {detail}" if detail else ""), flush=True)
        return bool(good)

    def case(self, name, test, *given):
        """A test that fails by raising, whatever it raises; told with its seconds."""
        begin = time.monotonic()
        try:
            test(*given)
        except Exception:  # noqa: BLE001
            return self.check(name, False, "\n" + traceback.format_exc())
        return self.check(f"{name} ({time.monotonic() - begin:.1f} s)", True)

    def finish(self):
        """Prints the count; what the script is to exit with."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0
