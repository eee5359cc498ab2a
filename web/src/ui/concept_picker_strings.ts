export const pickerStrings = {
  none: "Pick a concept …",
  pick: (title: string): string => `${title}: pick a concept`,
  placeholder: "Words in any order, cut short, or a code",
  choose: "choose",
  take: "take",
  leave: "leave",
  found: "Concepts found",
  hint: "Type a few letters of each word; one slip of the fingers is forgiven.",
  nothing: "No concept has these words.",
  missing: (systems: string): string => `Not loaded at this site: ${systems}. An administrator or lead loads it.`,
} as const;
