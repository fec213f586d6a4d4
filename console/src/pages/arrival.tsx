// Where a buyer arrives whom the shop hands over: logged in there, they are logged in here. Who is
// logged in as somebody else is asked first, for anybody can send a link.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { say } from "../i18n";
import { useDoing } from "../parts/doing";
import { focusSoon } from "../parts/focus";
import { Failure } from "../parts/problem";
import { NarrowFrame } from "../parts/shell";
import { post } from "../rest";
import { homePage, isAsking, loadAccount, me } from "../state/account";
import { buyerOf, handOver } from "../state/hand-over";
import { go, linkTo } from "../state/route";

export function Arrival() {
  const isIn = useSignal(false);
  const { failure, isBusy, run } = useDoing();
  const token = handOver.value;
  const person = me.value?.person;
  const isOther = token !== null && person !== undefined && person.buyer !== buyerOf(token);

  async function enter(): Promise<void> {
    handOver.value = null; // it works once, whatever comes of it
    isIn.value = await run(async () => {
      await post("/v1/login/hand-over", { token });
      await loadAccount();
    });
    if (isIn.value) go("orders");
    else focusSoon("arrival-title");
  }

  useEffect(() => {
    if (!isAsking.value && token !== null && !isOther) void enter();
  }, [isAsking.value, token]);

  const isRefused = token === null && !isBusy.value && !isIn.value;
  const name = person?.name ?? "";
  return (
    <NarrowFrame>
      <section class="panel" aria-labelledby="arrival-title">
        <h1 id="arrival-title" tabIndex={-1}>
          {say(isRefused ? "arrival.failed" : "arrival.title")}
        </h1>
        <Failure failure={failure.value} />
        {isRefused && <p>{say("arrival.again")}</p>}
        {!isRefused && !isOther && <p role="status">{say("shell.loading")}</p>}
        {isOther && (
          <>
            <p>{say("arrival.other", { name })}</p>
            <div class="buttons">
              <button type="button" class="button" onClick={() => void enter()}>
                {say("arrival.enter")}
              </button>
              <a class="button-plain button-link" href={linkTo(homePage())}>
                {say("arrival.stay", { name })}
              </a>
            </div>
          </>
        )}
      </section>
    </NarrowFrame>
  );
}
