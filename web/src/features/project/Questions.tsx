import { api, sayError, type Page } from "@/api/client";
import type { ProjectQuestion } from "@/api/types";
import type { ProjectId } from "@/core/workspace";
import { ago } from "@/ui/format";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { Button, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconMessageQuestion } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { strings as t } from "./strings";

function One({ project, question, lead }: { readonly project: ProjectId; readonly question: ProjectQuestion; readonly lead: boolean }) {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const answer = useMutation({
    mutationFn: () => api.json(`/projects/${project}/items/${question.item_id}/questions/${question.id}/answer`, { method: "PUT", json: { text: text.trim() } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", project, "questions"] }),
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  return (
    <article className="pj-question">
      <p>{question.text}</p>
      <p className="small muted">
        {question.asked_by.display_name}, {ago(question.asked_at)}, about <Link to={`/p/${project}/item/${question.item_id}`}>item {question.item_number ?? ""}</Link>
      </p>
      {question.answer !== null ? (
        <div className="pj-answer">
          <p>{question.answer}</p>
          <p className="small muted">
            {question.answered_by?.display_name ?? "the lead"}
            {question.answered_at === null ? "" : `, ${ago(question.answered_at)}`}
          </p>
        </div>
      ) : lead ? (
        <div style={{ display: "flex", gap: 8, alignItems: "flex-end" }}>
          <Textarea style={{ flex: 1 }} aria-label={`Answer to: ${question.text}`} placeholder="Answer" autosize minRows={1} maxLength={2000} value={text} onChange={(event) => { setText(event.currentTarget.value); }} />
          <Button size="sm" disabled={text.trim() === ""} loading={answer.isPending} onClick={() => { answer.mutate(); }}>
            Answer
          </Button>
        </div>
      ) : (
        <p className="small warn">Not answered yet</p>
      )}
    </article>
  );
}

export function Questions({ project, lead }: { readonly project: ProjectId; readonly lead: boolean }) {
  const questions = useQuery({ queryKey: ["project", project, "questions"], queryFn: () => api.json<Page<ProjectQuestion>>(`/projects/${project}/questions`) });
  const open = questions.data?.items.filter((question) => question.answer === null).length ?? 0;
  return (
    <section className="card span-12">
      <div className="card-head">
        <h2>Questions</h2>
        {open > 0 ? <span className="tag">{open} open</span> : null}
      </div>
      <Answered query={questions} say={sayError} loading="Loading the questions" lines={2}>
        {(data) => data.items.length === 0 ? (
        <Empty icon={<IconMessageQuestion size={32} stroke={1.5} />} title={t.noQuestions}>{t.noQuestionsText}</Empty>
      ) : (
        data.items.map((question) => <One key={question.id} project={project} question={question} lead={lead} />)
      )}
      </Answered>
    </section>
  );
}
