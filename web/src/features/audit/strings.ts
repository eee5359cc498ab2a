export const strings = {
  title: "Audit",
  lead: "What was done, by whom and when, newest first. Each line is chained to the one before it.",
  emptyTitle: "No event fits",
  emptyText: "Take a filter away to see more.",
  verified: "The trail is whole",
  broken: "The trail does not verify",
} as const;
