// Mantine's widgets in our tokens: every colour that Mantine names points at one of ours, so that there is
// one place for colour (tokens.css).
import { Button, createTheme, Menu, Modal, Tooltip, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = ["#f0fdfa", "#ccfbf1", "#99f6e4", "#5eead4", "#2dd4bf", "#14b8a6", "#0d9488", "#0f766e", "#115e59", "#134e4a"];

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  colors: { teal },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "15px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.4", md: "1.4", lg: "1.4", xl: "1.4" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "md",
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "20px", lineHeight: "28px" }, h2: { fontSize: "15px", lineHeight: "22px" }, h3: { fontSize: "13px", lineHeight: "20px" } } },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: "xs" },
      styles: { label: { fontWeight: 550 } },
      // Accent and danger are light on dark ground, so their text is dark there.
      vars: (_theme, props) => {
        const filled = props.variant === undefined || props.variant === "filled";
        const ground = !filled ? undefined : props.color === undefined ? "var(--accent-strong)" : props.color === "red" ? "var(--danger)" : undefined;
        return ground === undefined
          ? { root: {} }
          : { root: { "--button-bg": ground, "--button-hover": `color-mix(in srgb, ${ground} 88%, var(--text))`, "--button-color": "var(--on-accent)" } };
      },
    }),
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "sm" } },
    Textarea: { defaultProps: { size: "sm" } },
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: false, transitionProps: { duration: 0 }, events: { hover: true, focus: true, touch: false } } }),
    Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" }, transitionProps: { duration: 120 } } },
    Modal: Modal.extend({ defaultProps: { centered: true, closeButtonProps: { "aria-label": "Close" }, transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.45 } } }),
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Menu: Menu.extend({ defaultProps: { shadow: "md", transitionProps: { duration: 0 } } }),
  },
});

const shared = {
  "--mantine-color-body": "var(--ground)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-bright": "var(--text)",
  "--mantine-color-dimmed": "var(--text-2)",
  "--mantine-color-placeholder": "var(--text-3)",
  "--mantine-color-anchor": "var(--accent-strong)",
  "--mantine-color-default": "var(--raised)",
  "--mantine-color-default-hover": "var(--sunken)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--border-strong)",
  "--mantine-color-error": "var(--danger)",
  "--mantine-color-disabled": "var(--sunken)",
  "--mantine-color-disabled-color": "var(--text-3)",
  "--mantine-color-disabled-border": "var(--border)",
  "--mantine-primary-color-filled": "var(--accent-strong)",
  "--mantine-primary-color-contrast": "var(--on-accent)",
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: { ...shared, "--mantine-color-dark-6": "var(--surface)", "--mantine-color-dark-7": "var(--ground)", "--mantine-color-dark-4": "var(--border-strong)", "--mantine-color-dark-5": "var(--raised)" } });
