import { useServerEvents } from "./events";
import { ProjectConcepts } from "./ConceptSearch";
import { Frame } from "./Frame";
import { OutboxProvider, useOutbox } from "./outbox_context";
import { loadWorkspace } from "./workspaces";
import { ApiError, sayError, setCsrfToken, Unreachable, whenSignedOut } from "@/api/client";
import { useMe } from "@/api/queries";
import { cssVariablesResolver, theme } from "@/theme/theme";
import { useFrameSlots } from "@/ui/frame_slots";
import { Failed, Loading } from "@/ui/states";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Component, Suspense, useEffect, type ReactNode } from "react";
import { createBrowserRouter, Navigate, RouterProvider, useLocation, useNavigate, type RouteObject } from "react-router";

// The page's policy lets in only styles that carry its nonce. The scroll lock of Mantine's dialogs looks for it
// under the second name.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
Object.assign(globalThis, { __webpack_nonce__: nonce });

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Answers about the request itself do not change by asking again.
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 2,
    },
    mutations: { retry: false },
  },
});

function WakeOnSignIn({ signedIn }: { readonly signedIn: boolean }) {
  const { outbox } = useOutbox();
  useEffect(() => {
    if (signedIn) outbox?.wake();
  }, [signedIn, outbox]);
  return null;
}

// Opening an item waits for no code: it comes while nothing else is to do.
const itemPage = () => import("./ItemPage");
function useItemCode(signedIn: boolean): void {
  useEffect(() => {
    if (!signedIn) return;
    const idle = requestIdleCallback(() => {
      void Promise.allSettled([itemPage(), ...(["image", "text", "signal"] as const).map(loadWorkspace)]);
    }, { timeout: 5000 });
    return () => {
      cancelIdleCallback(idle);
    };
  }, [signedIn]);
}

// Everything but the sign-in page stands behind this: it knows who is here and opens their outbox.
function SignedIn() {
  const me = useMe();
  const navigate = useNavigate();
  const location = useLocation();
  const data = me.data;
  if (data !== undefined) setCsrfToken(data.csrf_token);
  useServerEvents(data !== undefined);
  useItemCode(data !== undefined);
  useEffect(() => {
    whenSignedOut(() => {
      void navigate(`/sign-in?next=${encodeURIComponent(`${window.location.pathname}${window.location.search}`)}`);
    });
  }, [navigate]);
  if (data === undefined) {
    if (me.error instanceof ApiError && me.error.status === 401) return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;
    if (me.isError) return <Failed error={sayError(me.error instanceof Unreachable ? me.error : me.error)} retry={() => void me.refetch()} />;
    return <Loading label="Opening Consilium" />;
  }
  return (
    <OutboxProvider person={data.person.id}>
      <WakeOnSignIn signedIn />
      <ProjectConcepts>
        <Frame />
      </ProjectConcepts>
    </OutboxProvider>
  );
}

// A page that breaks says so and leaves the frame standing.
class Boundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state = { error: null };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Failed
        error={{ what: "This page stopped working", where: "", remedy: "Your work is kept. Load the page again; if it stops again, tell an administrator what you did last." }}
        retry={() => {
          window.location.reload();
        }}
      />
    );
  }
}

function PageBoundary({ children }: { readonly children: ReactNode }) {
  const { pathname } = useLocation();
  return (
    <Boundary key={pathname}>
      <Suspense fallback={<Loading label="Loading the page" />}>{children}</Suspense>
    </Boundary>
  );
}

type PageModule = { readonly default: React.ComponentType };
const page = (path: string, load: () => Promise<PageModule>): RouteObject => ({
  path,
  lazy: async () => {
    const { default: Page } = await load();
    return { element: <PageBoundary><Page /></PageBoundary> };
  },
  hydrateFallbackElement: <Loading label="Loading the page" />,
});

const router = createBrowserRouter([
  { ...page("/sign-in", () => import("./SignIn")) },
  {
    element: <SignedIn />,
    hydrateFallbackElement: <Loading label="Opening Consilium" />,
    errorElement: <Failed error={{ what: "There is no such page", where: "", remedy: "Go back, or open the list of projects." }} retry={() => { window.location.assign("/projects"); }} />,
    children: [
      { index: true, element: <Navigate to="/projects" replace /> },
      page("/projects", () => import("@/features/project/Projects")),
      page("/p/:project", () => import("@/features/project/View")),
      page("/p/:project/worklist", () => import("@/features/worklist/View")),
      page("/p/:project/item/:item", itemPage),
      page("/p/:project/review", () => import("@/features/review/List")),
      page("/p/:project/review/:item", () => import("@/features/review/View")),
      page("/p/:project/review/:item/draft", () => import("./DraftPage")),
      page("/p/:project/panel", () => import("@/features/panel/View")),
      page("/p/:project/imports", () => import("@/features/imports/View")),
      page("/p/:project/exports", () => import("@/features/export/View")),
      page("/terminologies", () => import("@/features/terminologies/View")),
      page("/people", () => import("@/features/people/View")),
      page("/audit", () => import("@/features/audit/View")),
      page("/account", () => import("@/features/account/View")),
    ],
  },
]);

function Themed({ children }: { readonly children: ReactNode }) {
  const { dark } = useFrameSlots();
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto" {...(dark ? { forceColorScheme: "dark" as const } : {})} getStyleNonce={() => nonce}>
      {children}
    </MantineProvider>
  );
}

export function App() {
  return (
    <Themed>
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </Themed>
  );
}
