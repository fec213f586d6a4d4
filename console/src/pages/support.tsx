// Where the marketplace's support gets in: by the code that a member of the organisation reads out.
import { say } from "../i18n";
import { useDoing } from "../parts/doing";
import { Field, valuesOf } from "../parts/field";
import { Failure } from "../parts/problem";
import { MemberFrame } from "../parts/shell";
import { post, step } from "../rest";
import { chooseOrg, me } from "../state/account";
import { help, helped } from "../state/helping";
import { go } from "../state/route";

function Help({ org }: { org: string }) {
  const { failure, isBusy, run } = useDoing();

  function end(): void {
    step("support/contacts", "end");
    void run(async () => {
      chooseOrg(org);
      await post("/v1/support/contacts/end", { person: me.value?.person.id });
      help(null);
      chooseOrg(null);
    });
  }

  return (
    <section class="panel" aria-labelledby="helping-title">
      <h2 id="helping-title">
        {say("help.now")} <bdi>{org}</bdi>
      </h2>
      <p>{say("help.now.text")}</p>
      <Failure failure={failure.value} />
      <div class="buttons">
        <button type="button" class="button-plain" disabled={isBusy.value} onClick={end}>
          {say("support.end")}
        </button>
        <button type="button" class="button-plain" onClick={() => {
          help(null);
          chooseOrg(null);
        }}>
          {say("help.other")}
        </button>
      </div>
    </section>
  );
}

export function Support() {
  const { failure, isBusy, run } = useDoing();

  function submit(event: SubmitEvent): void {
    const { "help-org": org = "", "help-code": code = "", "help-name": name } = valuesOf(event);
    step("support/contacts", "enter-code");
    void run(async () => {
      await post("/v1/support/contacts", { org, code, name });
      help(org);
      chooseOrg(org);
      go("services");
    });
  }

  return (
    <MemberFrame title={say("page.support")} text={say("help.text")}>
      {helped.value !== null ? <Help org={helped.value} /> : (
        <section class="panel" aria-labelledby="help-title">
          <h2 id="help-title">{say("help.title")}</h2>
          <p>{say("help.code.text")}</p>
          <Failure failure={failure.value} />
          <form onSubmit={submit}>
            <Field id="help-org" label={say("help.org")} required placeholder="org_…"
              autocomplete="off" />
            <Field id="help-code" label={say("help.code")} required autocomplete="off" />
            <Field id="help-name" label={say("help.name")} hint={say("help.name.hint")} required
              maxLength={200} autocomplete="name" defaultValue={me.value?.person.name ?? ""} />
            <button type="submit" class="button" disabled={isBusy.value}>
              {say("help.submit")}
            </button>
          </form>
        </section>
      )}
    </MemberFrame>
  );
}
