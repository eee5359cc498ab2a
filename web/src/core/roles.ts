// What one's roles open in the browser. The server decides; this only hides what would be refused.
import type { GlobalRole, ProjectRole } from "./domain";

const any = <T>(mine: readonly T[], wanted: readonly T[]): boolean => wanted.some((role) => mine.includes(role));

export const mayLead = (roles: readonly ProjectRole[]): boolean => any(roles, ["lead"]);
export const mayLabel = (roles: readonly ProjectRole[]): boolean => any(roles, ["rater", "lead"]);
export const mayReview = (roles: readonly ProjectRole[]): boolean => any(roles, ["reviewer", "adjudicator", "lead"]);
export const mayExport = (roles: readonly ProjectRole[]): boolean => any(roles, ["lead", "ml_export"]);
export const mayAudit = (global: readonly GlobalRole[], leadsAny: boolean): boolean => global.includes("compliance") || leadsAny;
export const mayManagePeople = (global: readonly GlobalRole[], leadsAny: boolean): boolean => global.includes("administrator") || leadsAny;
export const isAdministrator = (global: readonly GlobalRole[]): boolean => global.includes("administrator");

export const roleNames: Readonly<Record<ProjectRole | GlobalRole, string>> = {
  rater: "Rater",
  reviewer: "Reviewer",
  adjudicator: "Adjudicator",
  lead: "Lead",
  ml_export: "ML export",
  administrator: "Administrator",
  compliance: "Compliance",
};
