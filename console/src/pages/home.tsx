import { say } from "../i18n";
import { Footer } from "../parts/footer";
import { Header } from "../parts/header";
import { LogPanel } from "../parts/log-panel";
import { MessagePanel } from "../parts/message-panel";
import { OrderForm } from "../parts/order-form";
import { OrderTicket } from "../parts/order-ticket";
import { ServerPanel } from "../parts/server-panel";
import { SkipLink } from "../parts/skip-link";
import { Timeline } from "../parts/timeline";
import { phase } from "../state/order";

export function Home() {
  const isFollowing = phase.value !== "idle" && phase.value !== "failed";
  return (
    <>
      <SkipLink />
      <Header />
      <main id="content" class="page" tabIndex={-1}>
        <div class="intro">
          <h1>{say("intro.title")}</h1>
          <p>{say("intro.text")}</p>
        </div>
        <div class="page-main">
          {isFollowing ? (
            <section aria-labelledby="order-title">
              <OrderTicket />
              <Timeline />
            </section>
          ) : (
            <>
              <OrderForm />
              <LogPanel />
            </>
          )}
        </div>
        <div class="page-side">
          <ServerPanel />
          {isFollowing ? <LogPanel /> : <MessagePanel />}
        </div>
      </main>
      <Footer />
    </>
  );
}
