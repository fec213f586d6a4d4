import type { ComponentChildren } from "preact";
import type { CancelRequest, Order } from "../api";
import { phrase, say, sayDistance } from "../i18n";
import { now } from "../state/clock";
import { notices } from "../state/order";
import { Moment } from "./moment";

/** A cancel request and the act that made it share their id but for the prefix. */
function isUnreached(request: CancelRequest): boolean {
  const act = request.id.replace(/^cr_/, "act_");
  return notices.value.some(
    (notice) =>
      notice.act === act &&
      notice.audience === "seller" &&
      notice.incident_at !== null &&
      notice.delivered === null,
  );
}

function stepOfRequest(request: CancelRequest): ComponentChildren {
  if (!request.seen_at) return say(isUnreached(request) ? "next.unreached" : "next.unseen");
  if (!request.decide_by) return say("next.decide");
  return phrase("next.decide.by", {
    time: <Moment at={request.decide_by} />,
    distance: sayDistance(new Date(request.decide_by), now.value),
  });
}

function stepOf(order: Order): ComponentChildren {
  if (order.state === "canceled" || order.state === "delivered") return say("next.none");
  if (order.cancel_request?.state === "open") return stepOfRequest(order.cancel_request);
  return say(order.state === "placed" ? "next.ship" : "next.deliver");
}

/** What has to happen now, and whose turn it is. */
export function NextStep({ order }: { order: Order }) {
  const isUrgent = order.cancel_request?.state === "open";
  return (
    <div class={isUrgent ? "next next-urgent" : "next"}>
      <h3>{say("next.title")}</h3>
      <p>{stepOf(order)}</p>
    </div>
  );
}
