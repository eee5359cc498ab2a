export const strings = {
  title: "My account",
  sessions: "Sign-ins",
  sessionsLead: "Where you are signed in now. End what you do not know.",
  tokens: "Tokens",
  tokensLead: "For programs that act in your name, with no more rights than you choose.",
  password: "Password",
  scopes: { read: "Read items", label: "Label", import: "Import", export: "Export", manage: "Manage" },
} as const;
