import { MantineProvider } from "@mantine/core";
import { cssVariablesResolver, theme } from "@/theme/theme";

const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute("content") ?? "";

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <div className="app">
        <header className="bar">
          <span className="mark">Consilium</span>
        </header>
      </div>
    </MantineProvider>
  );
}
