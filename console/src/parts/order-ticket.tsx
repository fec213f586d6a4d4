import type { Order } from "../api";
import { say, sayCount, sayMoney } from "../i18n";
import { leave, order, phase } from "../state/order";
import { Facts } from "./facts";
import { focusSoon } from "./focus";
import { Moment } from "./moment";
import { NextStep } from "./next-step";

function leaveAndAsk(): void {
  leave();
  focusSoon("order");
}

function Body({ order: it }: { order: Order }) {
  return (
    <>
      <p class="ticket-total">
        {sayMoney(it.total)} <span>{sayCount("order.items", it.items.length)}</span>
      </p>
      <Facts
        facts={[
          { label: say("order.reference"), value: <bdi>{it.reference}</bdi> },
          { label: say("order.placed"), value: <Moment at={it.placed_at} /> },
          { label: say("order.buyer"), value: <bdi>{it.buyer}</bdi> },
          { label: say("order.seller"), value: <bdi>{it.org}</bdi> },
          { label: say("order.carrier"), value: it.carrier && <bdi>{it.carrier}</bdi> },
          { label: say("order.tracking"), value: it.tracking && <bdi>{it.tracking}</bdi> },
        ]}
      />
      <NextStep order={it} />
    </>
  );
}

/** The order as a ticket: its state on the stub, what it is beside it. */
export function OrderTicket({ onLeave = leaveAndAsk }: { onLeave?: () => void }) {
  const it = order.value;
  return (
    <div class="ticket-shadow">
      <div class="ticket">
        <div class="ticket-stub">
          <p class="ticket-state">{it && say(`state.${it.state}`)}</p>
          <p class={`line line-${phase.value}`} role="status">
            {phase.value !== "idle" && say(`feed.${phase.value}`)}
          </p>
        </div>
        <div class="ticket-body">
          <div class="ticket-head">
            <h2 id="order-title" tabIndex={-1}>
              {say("order.title")} <code>{it?.id}</code>
            </h2>
            <button type="button" class="button-quiet" onClick={onLeave}>
              {say("order.leave")}
            </button>
          </div>
          {phase.value === "reconnecting" && <p class="warning">{say("error.network")}</p>}
          {it && <Body order={it} />}
        </div>
      </div>
    </div>
  );
}
