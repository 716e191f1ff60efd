/** The form of an address under which its account is found: two that look alike are one. */
export function emailKey(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}
