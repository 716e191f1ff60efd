/**
 * Sets the SDK up for one client. Once more with the same client gives the same object back, with the new options.
 * If this tab left for a logout by redirect, asks whether it was done; then the events of the logout follow.
 * @throws SdkError `invalid_options`, naming the option and its value
 */
export declare function init(options: InitOptions): Utgang;
/**
 * What is known of this browser: somebody is signed in and connected to this client, nobody is, or it cannot be
 * known (the browser keeps the server's cookie from pages of other sites).
 */
export type Status = 'connected' | 'notConnected' | 'unknown';
/** What the server said of this browser. The fields of the user are there while `result` is true. */
export interface Session {
    /** Whether `userStatus` is `connected`. */
    result: boolean;
    userStatus: Status;
    userId?: string;
    displayName?: string;
    /** The user as this client alone knows them. */
    uuid?: string;
    /** The session as this client knows it (`sid` of its ID Tokens). */
    sid?: string;
    /** The server's clock when it answered, in seconds (UTC). */
    serverTime: number;
    /** This browser's clock when it heard, in seconds (UTC). */
    clientTime: number;
    /** How long this answer may be used, from `clientTime` on, in seconds. */
    expiresIn: number;
    /** When the session ends at the latest, in seconds (UTC). */
    expiresAt?: number;
    baseDomain?: string;
    visitor?: Visitor;
}
/** A visitor as a site's own backend counts them, when it says so. */
export interface Visitor {
    uid: string;
    user_id: string;
}
/** Options of {@link init}. */
export interface InitOptions {
    /** This application, as it is registered at the server. */
    client_id: string;
    /** The Utgang server: its origin, or `host[:port]`. */
    server: string;
    /** With a `server` without scheme: https (`true`, the default) or http. */
    https?: boolean;
    /** Where a sign-in and a logout by redirect come back to, registered for the client. Needed for both, unless `backend` signs in. */
    redirect_uri?: string;
    /** Of sign-ins that the page does itself. Default `openid`. */
    scope?: string;
    /** Path on this origin under which the application's own backend answers `session`, `login` and `logout`, and may tell of a logout by `events`. */
    backend?: string;
    /** What `logout()` does when the calls could not end the session: leave the page for the server (`redirect`, the default) or give up. */
    fallback?: 'redirect' | 'none';
    /** Ask again while the page is visible: every so many seconds (`true`: 60), and when people come back to it. At least 10 s lie between two questions. With `backend` it also hears from there at once. Default `false`. */
    watch?: boolean | number;
    /** Longest that one call may take, in milliseconds. Default 5000. */
    timeout?: number;
}
/** How a session ended, as far as this page knows. */
export type LogoutBy = 'backend' | 'cookie' | 'token' | 'redirect' | 'elsewhere' | 'tab';
/** Payload of `statusChange` and `sessionChange`. */
export interface Change {
    session: Session | null;
    status: Status;
}
/** Payload of `logout`. */
export interface LogoutEvent {
    result: true;
    /** `redirect`: this page's own logout, by way of the server; `tab`: another tab's; `elsewhere`: found by asking, or told by the backend. */
    by: LogoutBy;
    /** By which the server knows this logout; null when there was nothing left to end, or when it is not known here. */
    receipt: string | null;
    session: null;
    status: 'notConnected';
}
/** What each event carries. */
export interface Events {
    login: Session & Change;
    logout: LogoutEvent;
    userChange: Session & Change;
    sessionChange: Change;
    sessionInit: Session & Change;
    statusChange: Change;
    notLoggedin: Session & Change;
    visitor: Visitor;
    /** A call that failed. Nothing else fires then, and what the page knew stays. */
    error: SdkError;
    /** A sign-in that came back without success. */
    loginException: SdkError;
}
/** Events, by name; everywhere `SPiD.` may stand before it. */
export type EventName = keyof Events;
/** Options of `login()`. */
export interface LoginOptions {
    /** `none`, `login`, `consent` or `select_account` (OIDC Core §3.1.2.1). */
    prompt?: string;
    /** The e-mail address that is filled in. */
    login_hint?: string;
    /** Languages of the server's pages, most wanted first: `nb en`. */
    ui_locales?: string;
    /** Instead of the one in the options of {@link init}; `openid` has to be in it. */
    scope?: string;
    /** A text of the page's own, handed back by `finishLogin()`. It stays in this tab. Not with `backend`. */
    state?: string;
    /** With `backend`: path on this origin to come back to. Default: this page. */
    return_to?: string;
}
/** What a sign-in gave. */
export interface Tokens {
    access_token: string;
    id_token: string;
    token_type?: string;
    /** Of the access token, in seconds. */
    expires_in?: number;
    refresh_token?: string;
    scope?: string;
    /** The `state` that `login()` was given. */
    state?: string;
}
/** Options of `logout()`. */
export interface LogoutOptions {
    /** Instead of the one in the options of {@link init}. */
    fallback?: 'redirect' | 'none';
    /** The page is about to go: local state is cleared first, and nothing is tried that needs the page. */
    closing?: boolean;
}
/** A logout that the server confirmed. */
export interface LoggedOut {
    ended: true;
    by: 'backend' | 'cookie' | 'token';
    receipt: string | null;
}
/** The SDK in one page, for one client. */
export interface Utgang {
    /**
     * Who is signed in; fires the events of the answer. Calls at the same time share one request.
     * @param options `fresh`: ask, even if an earlier answer may still be used
     * @throws SdkError `network`, `timeout`, `server_error`, `too_many_requests`, `refused`; fires `error`
     */
    hasSession(options?: {
        fresh?: boolean;
    }): Promise<Session>;
    /**
     * Leaves the page for a sign-in (code flow with state, nonce and PKCE), or for the backend's.
     * @throws SdkError `invalid_options` without `redirect_uri`; `login_failed` where the browser stores nothing or is not on https
     */
    login(options?: LoginOptions): Promise<never>;
    /**
     * Takes in what a sign-in came back with, once, and cleans the address bar. The tokens stay in this page's memory.
     * @param address of the answer; default: the page's own
     * @returns undefined when the address is no answer to a sign-in
     * @throws SdkError `login_failed`; fires `loginException`
     */
    finishLogin(address?: string): Promise<Tokens | undefined>;
    /** For a page that got tokens by itself: `logout()` shows them to the server. */
    setTokens(tokens: Pick<Tokens, 'access_token' | 'id_token'> | undefined): void;
    /**
     * Ends the session: by the backend, by the server's cookie, by the tokens, or by leaving the page for the server's
     * logout; then this never settles, and the page that it comes back to fires the events. A second call while one is
     * under way is the same logout.
     * @throws SdkError `not_ended`, or as `hasSession()`: the session may be there still, what the page knew stays; fires `error`
     */
    logout(options?: LogoutOptions): Promise<LoggedOut>;
    /** Calls `listener` on each such event, from now on. The same one twice is one. Returns its `off`. */
    on<Name extends EventName>(event: Name | `SPiD.${Name}`, listener: (payload: Events[Name]) => void): () => void;
    off<Name extends EventName>(event: Name | `SPiD.${Name}`, listener: (payload: Events[Name]) => void): void;
    /** Stops listening and watching, and drops all listeners. The next {@link init} starts anew. */
    close(): void;
}
/** Every way in which the SDK can fail. */
export type SdkErrorCode = 
/** An option is missing or wrong. */
'invalid_options'
/** Nobody was reached, or the browser did not let this page read the answer. */
 | 'network'
/** No answer in time. */
 | 'timeout'
/** The server failed (5xx), or its answer makes no sense. */
 | 'server_error'
/** Asked too often; `retryAfter` says for how long to wait. */
 | 'too_many_requests'
/** The server refused (4xx); `error` says why. */
 | 'refused'
/** No call could end the session, and leaving the page for the server's logout was not wanted. */
 | 'not_ended'
/** A sign-in that did not succeed; `error` says why, when the server did. */
 | 'login_failed';
/** What may be known of a failure. */
export interface SdkErrorDetails {
    /** HTTP status of the answer. */
    status?: number;
    /** The server's error code (RFC 6749 §5.2, OIDC Core §3.1.2.6). */
    error?: string;
    /** How long to wait, in seconds. */
    retryAfter?: number;
    cause?: unknown;
}
/** Every error of the SDK. */
export declare class SdkError extends Error {
    readonly name = "SdkError";
    readonly code: SdkErrorCode;
    readonly status?: number;
    readonly error?: string;
    readonly retryAfter?: number;
    constructor(code: SdkErrorCode, message: string, { cause, ...details }?: SdkErrorDetails);
}
