export const strings = {
  title: "People",
  lead: "Who may sign in. What each may do in a project is set on the project's page.",
  invite: "Invite a person",
  state: { active: "Active", invited: "Invited", disabled: "Disabled" },
  emptyTitle: "Nobody yet",
  emptyText: "Invite people by name; each gets a link to choose a password.",
} as const;
