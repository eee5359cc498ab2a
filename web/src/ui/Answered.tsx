// What was asked of the server, in the state in which the question is: failed, waited for, or answered.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ComponentProps, ReactNode } from "react";
import { Failed, Loading } from "./states";

interface Props<T> {
  readonly query: UseQueryResult<T>;
  readonly say: (error: unknown) => ComponentProps<typeof Failed>["error"];
  readonly loading: string;
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}

export function Answered<T>({ query, say, loading, lines = 0, children }: Props<T>) {
  if (query.isError) return <Failed error={say(query.error)} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <Loading label={loading} lines={lines} />;
  return children(query.data);
}
