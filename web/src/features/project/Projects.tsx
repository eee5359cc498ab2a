import { sayError } from "@/api/client";
import "./project.css";
import { useMe, useProjects } from "@/api/queries";
import { isAdministrator, roleNames } from "@/core/roles";
import type { ProjectView } from "@/core/workspace";
import { Meter } from "@/ui/figures";
import { usePage } from "@/ui/frame_slots";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { Button } from "@mantine/core";
import { IconFileText, IconFolders, IconPhoto, IconPlus, IconWaveSine } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { ProjectDialog } from "./ProjectDialog";
import { strings as t } from "./strings";

const kinds = [
  { kind: "image", Icon: IconPhoto, name: t.images },
  { kind: "text", Icon: IconFileText, name: t.notes },
  { kind: "signal", Icon: IconWaveSine, name: t.recordings },
] as const;

function Card({ project }: { readonly project: ProjectView }) {
  const { items, done, my_open } = project.progress;
  return (
    <article className="card pj-card">
      <h2>
        <Link to={`/p/${project.id}/worklist`}>{project.name}</Link>
      </h2>
      <p className="muted">{project.description === "" ? t.noDescription : project.description}</p>
      <div className="row wrap small muted">
        {kinds.map(({ kind, Icon, name }) =>
          project.kind_counts[kind] === 0 ? null : (
            <span key={kind} className="row" style={{ gap: 4 }}>
              <Icon size={15} stroke={1.5} aria-hidden /> {project.kind_counts[kind]} {name}
            </span>
          ),
        )}
        {items === 0 ? <span>{t.noItems}</span> : null}
      </div>
      <Meter share={items === 0 ? 0 : done / items} label={`${String(done)} of ${String(items)} items done`} />
      <div className="row small">
        <span>
          <b>{done}</b> of {items} done
        </span>
        {my_open > 0 ? <span className="muted">{my_open} wait for you</span> : null}
        <span className="push row" style={{ gap: 4 }}>
          {project.my_roles.map((role) => (
            <span key={role} className="tag">
              {roleNames[role]}
            </span>
          ))}
        </span>
      </div>
    </article>
  );
}

export default function Projects() {
  usePage([{ label: "projects" }]);
  const projects = useProjects();
  const { data: me } = useMe();
  const [making, setMaking] = useState(false);
  const administrator = isAdministrator(me?.roles ?? []);
  const make = administrator ? (
    <Button leftSection={<IconPlus size={14} />} onClick={() => { setMaking(true); }}>
      {t.newProject}
    </Button>
  ) : undefined;
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{t.projects}</h1>
          <p>{t.projectsLead}</p>
        </div>
        <div className="push">{make}</div>
      </header>
      <Answered query={projects} say={sayError} loading="Loading the projects" lines={5}>
        {(data) => data.items.length === 0 ? (
        <div className="card">
          <Empty icon={<IconFolders size={36} stroke={1.5} />} title={t.noProjects} action={make}>
            {administrator ? t.noProjectsAdministrator : t.noProjectsOther}
          </Empty>
        </div>
      ) : (
        <div className="pj-cards">
          {data.items.map((project) => (
            <Card key={project.id} project={project} />
          ))}
        </div>
      )}
      </Answered>
      {making ? <ProjectDialog project={null} close={() => { setMaking(false); }} /> : null}
    </div>
  );
}
