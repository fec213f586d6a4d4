// A buyer's orders; one of them live, with what can be asked about it.
import { useEffect } from "preact/hooks";
import type { Order } from "../api";
import { say, sayMoney, sentenceOr } from "../i18n";
import { useDoing } from "../parts/doing";
import { Facts } from "../parts/facts";
import { Field, valuesOf } from "../parts/field";
import { focusSoon } from "../parts/focus";
import { Moment } from "../parts/moment";
import { OrderTicket } from "../parts/order-ticket";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import { Timeline } from "../parts/timeline";
import { post, readAll, step, type Verification } from "../rest";
import { me } from "../state/account";
import { failure as lost, follow, leave, order } from "../state/order";
import { go, linkTo, route } from "../state/route";

function OrderCard({ order: it }: { order: Order }) {
  return (
    <li class="panel card">
      <div class="card-head">
        <h3>
          <a href={linkTo("orders", it.id)}><bdi>{it.reference}</bdi></a>
        </h3>
        <span class="badge">{say(`state.${it.state}`)}</span>
      </div>
      <p class="card-price">{sayMoney(it.total)}</p>
      <Facts facts={[{ label: say("order.placed"), value: <Moment at={it.placed_at} /> }]} />
      {it.cancel_request?.state === "open" && <p class="warning">{say("orders.cancel.open")}</p>}
    </li>
  );
}

function List() {
  const { value, failure } = useReading(
    async () => (await readAll<Order>("/v1/orders", "orders")).reverse(), "mine");
  return (
    <>
      <Failure failure={failure.value} />
      {value.value?.length === 0 && <p class="quiet">{say("orders.nothing")}</p>}
      {value.value && value.value.length > 0 && (
        <section aria-labelledby="orders-title" class="group">
          <h2 id="orders-title">
            {say("orders.list")} <span class="quiet">{say("timeline.hint")}</span>
          </h2>
          <ul class="cards">
            {value.value.map((it) => <OrderCard key={it.id} order={it} />)}
          </ul>
        </section>
      )}
    </>
  );
}

function CancelForm({ id }: { id: string }) {
  const { failure, isBusy, run } = useDoing();
  function submit(event: SubmitEvent): void {
    const { "cancel-reason": reason } = valuesOf(event);
    step("orders/one", "request-cancel");
    void run(async () => {
      await post(`/v1/orders/${id}/cancel-requests`, reason ? { reason } : {});
      focusSoon("order-title");
    });
  }
  return (
    <section class="panel" aria-labelledby="cancel-title">
      <h2 id="cancel-title">{say("orders.cancel")}</h2>
      <p>{say("orders.cancel.text")}</p>
      <Failure failure={failure.value} />
      <form onSubmit={submit}>
        <Field id="cancel-reason" label={say("services.reason")} maxLength={1000} />
        <button type="submit" class="button" disabled={isBusy.value}>
          {say("orders.cancel.submit")}
        </button>
      </form>
    </section>
  );
}

/** What buyers may see of what the marketplace checked. */
function Seller({ id }: { id: string }) {
  const { value } = useReading(() => readAll<Verification>(
    `/v1/orders/${id}/seller-verifications`, "seller_verifications").catch(() => []), id);
  const checked = value.value ?? [];
  if (checked.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="seller-title">
      <h2 id="seller-title">{say("orders.seller")}</h2>
      <Facts
        facts={checked.map(({ what, shown }) => ({
          label: say(sentenceOr(`checked.${what}`, "checked.other"), { what }),
          value: <bdi>{shown ?? "✓"}</bdi>,
        }))}
      />
    </section>
  );
}

function One({ id }: { id: string }) {
  useEffect(() => {
    follow({ order: id, key: null });
    return leave;
  }, [id]);
  const it = order.value;
  const canAsk = it !== null && (it.state === "placed" || it.state === "shipped") &&
    it.cancel_request?.state !== "open";
  if (lost.value) return <Failure failure={lost.value} />;
  return (
    <>
      <section aria-labelledby="order-title">
        <OrderTicket onLeave={() => go("orders")} />
        <Timeline />
      </section>
      {canAsk && <CancelForm id={id} />}
      <Seller id={id} />
    </>
  );
}

export function Orders() {
  const { subject } = route.value;
  return (
    <MemberFrame title={say("page.orders")}
      text={say(me.value?.person.buyer ? "orders.text" : "orders.none")}>
      {subject === "" ? <List /> : <One id={subject} />}
    </MemberFrame>
  );
}
