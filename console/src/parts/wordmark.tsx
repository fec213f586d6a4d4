// The name beside its mark: a ticket and the stub that was torn from it.
export function Wordmark() {
  return (
    <p class="wordmark">
      <svg viewBox="2 4 28 24" width="35" height="30" aria-hidden="true" focusable="false">
        <path
          class="wordmark-stub"
          d="M5 5h7v2a1.5 1.5 0 0 0 0 3v2a1.5 1.5 0 0 0 0 3v2a1.5 1.5 0 0 0 0 3v2a1.5 1.5 0 0 0 0
            3v2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z"
        />
        <path
          d="M15 5h12a2 2 0 0 1 2 2v18a2 2 0 0 1-2 2H15v-2a1.5 1.5 0 0 0 0-3v-2a1.5 1.5 0 0 0
            0-3v-2a1.5 1.5 0 0 0 0-3v-2a1.5 1.5 0 0 0 0-3z"
        />
      </svg>
      <span translate={false}>Counterfoil</span>
    </p>
  );
}
